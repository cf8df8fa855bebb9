#include "model/text/tokenizer.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "model/text/segmenter.h"
#include "model/text/sentencepiece/library.h"

namespace catena::model {
namespace {

constexpr std::string_view escaped_space = "\xE2\x96\x81";
constexpr int largest_vocab = 65535;  // tokens are stored in 16 bits

std::uint32_t fnv1a(std::string_view bytes) {
  std::uint32_t hash = 2166136261U;
  for (const char byte : bytes) hash = (hash ^ static_cast<std::uint8_t>(byte)) * 16777619U;
  return hash;
}

std::string unescape(std::string_view piece) {
  std::string text;
  while (!piece.empty()) {
    const bool space = piece.substr(0, escaped_space.size()) == escaped_space;
    text += space ? ' ' : piece[0];
    piece.remove_prefix(space ? escaped_space.size() : 1);
  }
  return text;
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw std::runtime_error("tokenizer " + file.string() + ": " + why);
}

}  // namespace

Tokenizer::Tokenizer() = default;
Tokenizer::~Tokenizer() = default;

std::shared_ptr<const Tokenizer> Tokenizer::load(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in || std::filesystem::is_directory(file))
    refuse(file, "cannot be read; give the tokenizer.model of the model's folder");
  const std::string contents((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::shared_ptr<Tokenizer> result(new Tokenizer);
  Tokenizer& self = *result;
  self.file_ = file;
  self.id_ = fnv1a(contents);
  if (!contents.empty()) self.model_ = sentencepiece_library().load(contents);
  if (self.model_ == nullptr || self.model_->size() <= 0) refuse(file, "is not a SentencePiece model, or is damaged");
  const PieceModel& model = *self.model_;
  const int vocab = model.size();
  if (vocab > largest_vocab) refuse(file, "has " + std::to_string(vocab) + " tokens; at most 65535 are supported");

  int byte_tokens = 0;
  self.pieces_.resize(static_cast<std::size_t>(vocab));
  for (int id = 0; id < vocab; ++id) {
    std::string& piece = self.pieces_[static_cast<std::size_t>(id)];
    if (model.is_control(id) || model.is_unknown(id)) continue;
    if (model.is_byte(id)) {  // "<0x41>"
      const auto value = static_cast<std::uint8_t>(std::stoi(model.piece(id).substr(3, 2), nullptr, 16));
      piece.assign(1, static_cast<char>(value));
      self.bytes_[value] = id;
      ++byte_tokens;
    } else {
      piece = unescape(model.piece(id));
      if (piece.empty()) refuse(file, "has an empty piece; train it with 'catena train'");
    }
  }
  if (byte_tokens != 256) refuse(file, "has no byte fallback; train it with 'catena train'");
  for (std::size_t i = 0; i < control_names.size(); ++i) {
    const int id = model.id(std::string(control_names[i]));
    if (!model.is_control(id))
      refuse(file, "lacks " + std::string(control_names[i]) + "; train it with 'catena train'");
    self.controls_[i] = id;
  }
  return result;
}

void Tokenizer::require_vocab(int model_vocab) const {
  if (model_vocab == vocab()) return;
  refuse(file_, "has " + std::to_string(vocab()) + " tokens but the model's config says " +
                    std::to_string(model_vocab) + "; use the tokenizer that the model was trained with");
}

void Tokenizer::encode_segment(std::string_view segment, bool raw, std::vector<Token>& out) const {
  if (!raw) {
    std::vector<int> ids;
    if (model_->encode(segment, ids)) {
      // SentencePiece gives special meaning to a few rare characters; whatever it does not reproduce goes out as bytes.
      std::size_t at = 0;
      bool exact = true;
      for (const int id : ids) {
        const std::string& piece = pieces_[static_cast<std::size_t>(id)];
        exact = exact && !piece.empty() && segment.substr(at, piece.size()) == piece;
        at += piece.size();
      }
      if (exact && at == segment.size()) {
        out.insert(out.end(), ids.begin(), ids.end());
        return;
      }
    }
  }
  for (const char byte : segment) out.push_back(bytes_[static_cast<std::uint8_t>(byte)]);
}

std::vector<Token> Tokenizer::encode(std::string_view text) const {
  std::vector<Token> tokens;
  Segmenter segmenter;
  const auto emit = [&](std::string_view segment, bool raw) { encode_segment(segment, raw, tokens); };
  segmenter.feed(text, emit);
  segmenter.flush(emit);
  return tokens;
}

std::string Tokenizer::decode(std::span<const Token> tokens) const {
  std::string text;
  for (const Token token : tokens) text += piece(token);
  return text;
}

}  // namespace catena::model
