// Files that are either the old one or the new one, complete, whatever happens in between.
#pragma once

#include <filesystem>
#include <memory>
#include <ostream>
#include <string_view>

#include "model/runtime/failure.h"

namespace catena::model {

/// A file could not be written: the disk's failing, not the input's. One line: which file, why, what to do.
class WriteError : public Failure {
 public:
  using Failure::Failure;
};

/// Writes beside the target, then fsync and rename. Without commit() the target stays as it was and the temporary file
/// is removed; kill -9 leaves at most a temporary file behind. A symbolic link is followed, permissions are kept.
class AtomicFile {
 public:
  /// Throws WriteError when the folder cannot be written to.
  explicit AtomicFile(const std::filesystem::path& target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Buffered; a failed write (a full disk) sets badbit and is reported by commit() with its cause.
  std::ostream& stream();

  /// Throws WriteError. To be called once, last.
  void commit();

 private:
  class Buffer;
  std::unique_ptr<Buffer> buffer_;
  std::ostream stream_;
};

/// The whole file at once. Throws as AtomicFile.
void write_file(const std::filesystem::path& target, std::string_view contents);

}  // namespace catena::model
