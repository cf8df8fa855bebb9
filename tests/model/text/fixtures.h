// What the text tests share: a small tokenizer trained at start, folders that vanish, tiny models, random text.
#pragma once

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "model/text/text_stream.h"
#include "model/text/tokenizer.h"
#include "tests/model/tiny_model.h"

namespace catena::model::test {

/// A folder of its own under the system's temporary folder, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void write_text(const std::filesystem::path& file, const std::string& text);
std::string read_text(const std::filesystem::path& file);

/// A few kilobytes of code, prose and dialogue.
const std::string& sample_text();

/// Trained once a process on sample_text(), vocabulary 512.
std::shared_ptr<const Tokenizer> small_tokenizer();
const std::filesystem::path& small_tokenizer_file();

/// A random tiny model with that tokenizer.
std::shared_ptr<const TextModel> tiny_text_model(Carry carry, unsigned seed = 1);
TextStream tiny_stream(Carry carry = Carry::delta, const StreamSettings& settings = {.chunk_length = 16});
TextStream stream_of(const std::shared_ptr<const TextModel>& model,
                     const StreamSettings& settings = {.chunk_length = 16});
std::vector<float> logits_of(const TextStream& stream);

/// Text with words, indentation, several alphabets, U+2581, digits and (if asked) bytes that are no UTF-8.
std::string random_text(std::mt19937& random, std::size_t bytes, bool invalid_bytes = true);

/// Feeds `text` in pieces of random sizes, also inside characters.
template <class Feed>
void feed_randomly(std::mt19937& random, std::string_view text, std::size_t largest, Feed&& feed) {
  while (!text.empty()) {
    const std::size_t size = std::min<std::size_t>(text.size(), 1 + random() % largest);
    feed(text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace catena::model::test
