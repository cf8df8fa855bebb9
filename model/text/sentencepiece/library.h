// SentencePiece behind an interface of ours, in a module that is loaded at run time.
//
// Debian's libsentencepiece exports the parts of protobuf that it was built with. In one process with LibTorch, whose
// own (another) protobuf has the same names, the two get mixed up and the program dies before main(). The module is
// therefore loaded so that it sees its own symbols first and shows them to nobody.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace catena::model {

/// A loaded tokenizer. Const members are thread-safe.
class PieceModel {
 public:
  virtual ~PieceModel() = default;
  virtual int size() const = 0;
  virtual bool is_control(int id) const = 0;
  virtual bool is_unknown(int id) const = 0;
  virtual bool is_byte(int id) const = 0;
  virtual std::string piece(int id) const = 0;
  virtual int id(const std::string& piece) const = 0;
  /// False when it cannot encode the text.
  virtual bool encode(std::string_view text, std::vector<int>& ids) const = 0;
};

class SentencePieceLibrary {
 public:
  virtual ~SentencePieceLibrary() = default;
  /// Null when the bytes are no SentencePiece model.
  virtual std::unique_ptr<PieceModel> load(const std::string& serialized) const = 0;
  /// Trains from lines; the serialized model goes to `model`. Returns what went wrong, empty for nothing.
  virtual std::string train(const std::unordered_map<std::string, std::string>& options,
                            const std::vector<std::string>& lines, std::string& model) const = 0;
};

/// Loads the module on first use. Throws std::runtime_error with one line when it is missing.
const SentencePieceLibrary& sentencepiece_library();

}  // namespace catena::model
