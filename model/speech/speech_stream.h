// Sound in, words out, chunk by chunk: the only thing carried between chunks is the reader's state and a few open
// hypotheses.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/runtime/frame_reader.h"
#include "model/speech/beam_decoder.h"
#include "model/speech/frame_stack.h"

namespace catena::model {

struct SpokenWord {
  std::string text;
  std::int64_t start_ms = 0, end_ms = 0;  ///< of the sound, since the stream began
  int letters = 0;                        ///< letters or phones that it was read by
  float heard_letters = 0;  ///< how many of them the sound itself tells; few: noise in which words were looked for
  float confidence = 0;     ///< 0 to 1
};

/// With spaces between them.
std::string to_text(std::span<const SpokenWord> words);

/// How far back SpeechStream::heard() goes at least.
inline constexpr std::int64_t kHeardMs = 8000;

struct SpeechOptions {
  int chunk_ms = 640;  ///< 40 to 5120, a multiple of kStepMs; others are rounded
  BeamOptions beam = {};
};

/// A reader of speech without its words.
struct SpeechModel {
  std::shared_ptr<const Weights> weights;
  std::vector<float> symbol_prior = {};  ///< see symbol_prior.h; empty: not known
};

/// Loads a model folder, with symbols.txt (its prior) where there is one, and makes sure that it reads speech. Throws
/// std::runtime_error with one line.
SpeechModel load_speech_model(const std::filesystem::path& folder);

/// One microphone or file. Memory is constant: settled words belong to whoever takes them. Not thread-safe.
class SpeechStream {
 public:
  /// words: a language model, or null for a reader that writes letters. Throws std::runtime_error for one that writes
  /// phones without.
  SpeechStream(const SpeechModel& model, const ExecutorOptions& executor, const SpeechOptions& options,
               const std::shared_ptr<WordModel>& words = nullptr);

  /// Log-mel frames [n, kMelBands], 10 ms apart, in any split: the words are the same.
  void feed(std::span<const float> frames);
  /// Reads what has come in of the running chunk without waiting for its end; the next frame begins a new one.
  void end_chunk();
  /// Nobody speaks any more: end_chunk(), and every open word is settled.
  void end_utterance();

  /// Takes effect at the next boundary.
  void set_chunk_ms(int chunk_ms);
  /// As BeamDecoder::set_language.
  void set_language(bool asked) { decoder_.set_language(asked); }
  void set_carry(bool carry) { carry_ = carry; }

  std::vector<SpokenWord> take_settled();
  /// How it goes on, as far as one can tell.
  std::vector<SpokenWord> open_words() const;

  /// ln p of every symbol [steps, vocab] in this stretch of the sound, as far as it was read in the last kHeardMs.
  std::span<const float> heard(std::int64_t start_ms, std::int64_t end_ms) const;
  int symbols() const { return reader_.config().vocab; }

  std::size_t state_bytes() const { return state_.bytes(); }
  std::int64_t read_ms() const { return state_.frames() * kStepMs; }  ///< sound that has been read
  std::int64_t chunks() const { return state_.chunks(); }
  /// For how long nothing has been heard, by what has been read.
  std::int64_t quiet_ms() const { return decoder_.blank_steps() * kStepMs; }

 private:
  void read_chunk();

  FrameReader reader_;
  FrameState state_;
  FrameStack stack_;
  BeamDecoder decoder_;
  int chunk_steps_, next_chunk_steps_;
  bool carry_ = true;
  std::vector<float> inputs_, logits_;
  std::vector<float> heard_;  // [steps, symbols], the last of what was read; at most twice kHeardMs
};

}  // namespace catena::model
