#include "model/text/packer.h"

#include <optional>

#include "model/text/document_reader.h"
#include "model/text/fill_in_middle.h"
#include "model/text/spoken_asides.h"
#include "model/text/stream_codec.h"
#include "model/text/token_file.h"

namespace catena::model {
namespace {

constexpr std::size_t cache_slots = 1 << 16;
constexpr std::size_t batch_tokens = 1 << 16;

std::vector<std::uint16_t> piece_lengths(const Tokenizer& tokenizer) {
  std::vector<std::uint16_t> lengths;
  for (Token token = 0; token < tokenizer.vocab(); ++token) {
    lengths.push_back(static_cast<std::uint16_t>(tokenizer.piece(token).size()));
  }
  return lengths;
}

}  // namespace

PackResult pack_tokens(std::span<const std::filesystem::path> files, const std::shared_ptr<const Tokenizer>& tokenizer,
                       const std::filesystem::path& out, const PackOptions& options, const PackObserver& observer,
                       std::stop_token stop) {
  TokenFileWriter writer(out, tokenizer->id(), piece_lengths(*tokenizer));
  StreamEncoder encoder(tokenizer, cache_slots);
  PackResult result;
  PackProgress progress;
  for (const auto& file : files) progress.bytes_total += DocumentReader(file).bytes_total();

  std::optional<FillInMiddle> fill;
  if (options.fill_in_middle_every > 0) fill.emplace(tokenizer, options.fill_in_middle_every, options.seed);
  std::optional<SpokenAsides> spoken;
  if (options.spoken_every > 0) spoken.emplace(tokenizer, options.spoken_every, options.seed);
  const bool by_document = fill || spoken;
  std::vector<Token> tokens, rewritten;  // of the running document or batch
  const auto put_examples = [&](auto& examples) {
    rewritten.clear();
    examples.rewrite(tokens, rewritten);
    tokens.swap(rewritten);
  };
  const auto write = [&] {
    if (fill) put_examples(*fill);
    if (spoken) put_examples(*spoken);
    writer.append(tokens);
    tokens.clear();
  };
  for (const auto& file : files) {
    DocumentReader reader(file);
    const std::uint64_t before = progress.bytes_read;
    DocumentReader::Event event;
    while (reader.next(event)) {
      if (event.control) {
        encoder.flush(tokens);
        tokens.push_back(tokenizer->control(*event.control));
        if (*event.control == Control::end) ++result.documents;
        if (by_document && *event.control == Control::end && tokens.size() < batch_tokens) write();
      } else {
        encoder.feed(event.text, tokens);
      }
      if (tokens.size() < batch_tokens) continue;
      write();
      if (stop.stop_requested()) {
        result.interrupted = true;
        return result;
      }
      progress.bytes_read = before + reader.bytes_read();
      progress.tokens = writer.tokens();
      if (observer) observer(progress);
    }
    encoder.flush(tokens);
    progress.bytes_read = before + reader.bytes_read();
  }
  write();
  writer.finish();
  progress.tokens = writer.tokens();
  if (observer) observer(progress);
  result.tokens = writer.tokens();
  result.text_bytes = writer.text_bytes();
  return result;
}

}  // namespace catena::model
