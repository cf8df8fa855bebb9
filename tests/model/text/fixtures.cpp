#include "tests/model/text/fixtures.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

#include "model/text/tokenizer_training.h"

namespace catena::model::test {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "catena-text-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_text(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

const std::string& sample_text() {
  static const std::string text = [] {
    std::ostringstream out;
    for (int i = 0; i < 40; ++i) {
      out << "<|file|>src/list_" << i << ".cpp\n"
          << "#include <vector>\n\nint total_" << i << "(const std::vector<int>& items) {\n    int total = 0;\n"
          << "    for (const auto& item : items) {\n        total += item.price * item.count;\n    }\n"
          << "    return total;\n}\n<|end|>\n"
          << "<|file|>notes_" << i << ".md\n# Notes\n\nThe stream is read once, chunk by chunk, and then forgotten. "
          << "What remains is a state of fixed size; it doesn't grow.\n\n\tif indented:\n\t\treturn "
             "caf\xC3\xA9\n<|end|>\n"
          << "<|user|> How long is the list?\n<|assistant|> It has " << i << " items.\n<|user|> Thank you!\n<|end|>\n";
    }
    return out.str();
  }();
  return text;
}

const std::filesystem::path& small_tokenizer_file() {
  static const TemporaryFolder folder;
  static const std::filesystem::path file = [] {
    write_text(folder / "corpus.txt", sample_text());
    TokenizerTraining options;
    options.vocab = 512;
    options.character_coverage = 1.0;
    const TokenizerSource source{folder / "corpus.txt", 1.0};
    train_tokenizer({&source, 1}, options, folder / "tokenizer.model");
    return folder / "tokenizer.model";
  }();
  return file;
}

std::shared_ptr<const Tokenizer> small_tokenizer() {
  static const std::shared_ptr<const Tokenizer> tokenizer = Tokenizer::load(small_tokenizer_file());
  return tokenizer;
}

std::shared_ptr<const TextModel> tiny_text_model(Carry carry, unsigned seed) {
  const ModelConfig config = tiny_config(carry, small_tokenizer()->vocab());
  return std::make_shared<const TextModel>(random_weights(config, seed), small_tokenizer());
}

TextStream stream_of(const std::shared_ptr<const TextModel>& model, const StreamSettings& settings) {
  TextStream::Options options;
  options.settings = settings;
  return {model, std::shared_ptr<Executor>(make_executor(model->weights(), {})), options};
}

TextStream tiny_stream(Carry carry, const StreamSettings& settings) {
  return stream_of(tiny_text_model(carry), settings);
}

std::vector<float> logits_of(const TextStream& stream) {
  std::vector<float> logits(static_cast<std::size_t>(stream.model().config().vocab));
  make_executor(stream.model().weights(), {})->logits(stream.state(), logits);
  return logits;
}

std::string random_text(std::mt19937& random, std::size_t bytes, bool invalid_bytes) {
  static const std::array<std::string, 30> parts = {" total",
                                                    "item",
                                                    ".count",
                                                    " +=",
                                                    ";\n",
                                                    "\n",
                                                    "    ",
                                                    "  ",
                                                    "\t\t",
                                                    " ",
                                                    "42",
                                                    "(",
                                                    "))",
                                                    "don't",
                                                    "caf\xC3\xA9",
                                                    "\xE2\x96\x81",
                                                    "\r\n",
                                                    "_x1",
                                                    "->",
                                                    "\xF0\x9F\x99\x82",
                                                    "\xE4\xB8\xAD\xE6\x96\x87",
                                                    "<|file|>",
                                                    "<|end|>\n",
                                                    "\xE2\x80\x9C",
                                                    " = ",
                                                    "return",
                                                    "{",
                                                    "}\n",
                                                    "==========",
                                                    std::string(1, '\0')};
  std::string text;
  while (text.size() < bytes) {
    if (invalid_bytes && random() % 6 == 0) {
      text += static_cast<char>(random() % 256);
    } else {
      text += parts[random() % parts.size()];
    }
    if (random() % 40 == 0) text.append(random() % 120, random() % 2 == 0 ? ' ' : 'a');
  }
  return text;
}

}  // namespace catena::model::test
