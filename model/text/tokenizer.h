// Text to tokens and back, exactly: decode(encode(x)) == x for any bytes. SentencePiece (BPE with byte fallback) does
// the merging inside the segments of model/text/segmenter.h; documents are marked by control tokens that no text can
// forge.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"

namespace catena::model {

class PieceModel;

/// Tokens that stand for no text.
enum class Control : std::uint8_t { file, end, user, assistant, prefix, suffix, middle };
inline constexpr std::array<std::string_view, 7> control_names = {
    "<|file|>", "<|end|>", "<|user|>", "<|assistant|>", "<|prefix|>", "<|suffix|>", "<|middle|>"};
inline std::string_view to_string(Control control) { return control_names[static_cast<std::size_t>(control)]; }

/// Const and shared between threads after loading.
class Tokenizer {
 public:
  /// Throws std::runtime_error with one line when the file is missing, is no SentencePiece model, or was not trained
  /// for Catena.
  static std::shared_ptr<const Tokenizer> load(const std::filesystem::path& file);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  int vocab() const { return static_cast<int>(pieces_.size()); }
  /// A fingerprint of the file's contents: token files and sessions remember it.
  std::uint32_t id() const { return id_; }
  /// Throws std::runtime_error with one line when a model with this vocabulary cannot use this tokenizer.
  void require_vocab(int model_vocab) const;

  Token control(Control control) const { return controls_[static_cast<std::size_t>(control)]; }
  /// True for tokens without text: the control tokens and SentencePiece's own unknown token.
  bool is_control(Token token) const { return pieces_[static_cast<std::size_t>(token)].empty(); }
  /// The exact bytes of a token; empty for a control token. Throws std::out_of_range.
  std::string_view piece(Token token) const { return pieces_.at(static_cast<std::size_t>(token)); }

  /// Whole text; never yields a control token.
  std::vector<Token> encode(std::string_view text) const;
  std::string decode(std::span<const Token> tokens) const;

  /// One segment of the segmenter; appends to `out`. A raw segment becomes byte tokens.
  void encode_segment(std::string_view segment, bool raw, std::vector<Token>& out) const;

 private:
  Tokenizer();
  std::unique_ptr<const PieceModel> model_;
  std::vector<std::string> pieces_;
  std::array<Token, 256> bytes_{};
  std::array<Token, control_names.size()> controls_{};
  std::uint32_t id_ = 0;
  std::filesystem::path file_;
};

}  // namespace catena::model
