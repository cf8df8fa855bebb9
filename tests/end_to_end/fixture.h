// What the end-to-end tests share: a tiny model with its tokenizer on disk, folders that vanish, reading files.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/process.h"
#include "tests/model/temporary_folder.h"

namespace catena::test {

using model::test::TemporaryFolder;

/// Empty when there is no such file.
std::string read_file(const std::filesystem::path& file);
void write_file(const std::filesystem::path& file, const std::string& bytes);

/// A random tiny model with a tokenizer of 512 entries, as `catena --model` takes it. Made once a process.
const std::filesystem::path& tiny_model_folder();
/// A copy of it that a test may spoil.
void copy_tiny_model(const std::filesystem::path& to);

/// A configuration for `catena train` in `folder`, with token files of its own; `changes` are merged over it.
std::filesystem::path write_train_config(const std::filesystem::path& folder,
                                         const nlohmann::json& changes = nlohmann::json::object());

/// What torchrun tells process `rank` of `size`.
Surroundings one_of(int size, int rank);

/// Every file below `folder` with its contents.
std::map<std::string, std::string> contents(const std::filesystem::path& folder);

/// The objects of --json output. Throws when a line is not one.
std::vector<nlohmann::json> json_lines(const std::string& text);

/// Checks that bad input was refused: exit code 2, nothing on standard output, and one line on standard error that
/// names each of `named`.
void check_refused(const Finished& result, const std::vector<std::string>& named);

}  // namespace catena::test
