// catena_frames: recordings and their transcripts -> the file of utterances that a reader of speech is trained on.
#include <cstdio>
#include <exception>

#include "app/speech/manifest.h"
#include "audio/log_mel.h"
#include "audio/whole_file.h"
#include "model/speech/symbols.h"
#include "model/speech/utterance_file.h"

int main(int argc, char** argv) {
  using namespace catena;
  if (argc != 4) {
    std::fprintf(stderr, "usage: catena_frames MANIFEST.tsv FOLDER OUT\n");
    return 2;
  }
  try {
    const std::vector<app::Recording> recordings = app::read_manifest(argv[1], argv[2]);
    model::UtteranceWriter out(argv[3]);
    std::size_t done = 0, left_out = 0;
    double seconds = 0;
    for (const app::Recording& recording : recordings) {
      try {
        const audio::WholeFile sound = audio::read_whole_file(recording.file);
        if (!sound.warning.empty()) std::fprintf(stderr, "\n%s\n", sound.warning.c_str());
        std::vector<audio::MelFrame> frames;
        audio::LogMel().feed(sound.samples, frames);
        const std::span<const float> numbers(frames.empty() ? nullptr : frames[0].data(),
                                             frames.size() * audio::kMelBands);
        out.add(numbers, model::to_text(model::to_symbols(recording.text)), recording.speaker, recording.corpus);
        seconds += static_cast<double>(frames.size()) / 100;
      } catch (const std::runtime_error& error) {
        std::fprintf(stderr, "\n%s; left out\n", error.what());
        ++left_out;
      }
      if (++done % 100 == 0) std::fprintf(stderr, "\r%zu of %zu", done, recordings.size());
    }
    if (left_out == recordings.size()) throw std::runtime_error("none of the recordings could be read");
    out.finish();
    std::fprintf(stderr, "\n%zu utterances, %.2f h\n", done - left_out, seconds / 3600);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
