// The module: the only file that includes SentencePiece.
#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include "model/text/sentencepiece/library.h"

namespace catena::model {
namespace {

class Model final : public PieceModel {
 public:
  bool load(const std::string& serialized) { return processor_.LoadFromSerializedProto(serialized).ok(); }
  int size() const override { return processor_.GetPieceSize(); }
  bool is_control(int id) const override { return processor_.IsControl(id); }
  bool is_unknown(int id) const override { return processor_.IsUnknown(id); }
  bool is_byte(int id) const override { return processor_.IsByte(id); }
  std::string piece(int id) const override { return processor_.IdToPiece(id); }
  int id(const std::string& piece) const override { return processor_.PieceToId(piece); }
  bool encode(std::string_view text, std::vector<int>& ids) const override {
    return processor_.Encode(absl::string_view(text.data(), text.size()), &ids).ok();
  }

 private:
  sentencepiece::SentencePieceProcessor processor_;
};

class Lines final : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(const std::vector<std::string>& lines) : lines_(lines) {}
  bool done() const override { return at_ == lines_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return lines_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& lines_;
  std::size_t at_ = 0;
};

class Library final : public SentencePieceLibrary {
 public:
  std::unique_ptr<PieceModel> load(const std::string& serialized) const override {
    auto model = std::make_unique<Model>();
    if (!model->load(serialized)) return nullptr;
    return model;
  }
  std::string train(const std::unordered_map<std::string, std::string>& options, const std::vector<std::string>& lines,
                    std::string& model) const override {
    Lines source(lines);
    const auto status = sentencepiece::SentencePieceTrainer::Train(options, &source, &model);
    return status.ok() ? std::string() : std::string(status.message());
  }
};

}  // namespace
}  // namespace catena::model

extern "C" __attribute__((visibility("default"))) const catena::model::SentencePieceLibrary* catena_sentencepiece() {
  static const catena::model::Library library;
  return &library;
}
