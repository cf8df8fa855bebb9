// catena_prior: how often a reader of speech writes each symbol -> symbols.txt in its folder.
#include <cstdio>
#include <exception>
#include <memory>
#include <vector>

#include "model/speech/symbol_prior.h"

int main(int argc, char** argv) {
  using namespace catena::model;
  if (argc < 3) {
    std::fprintf(stderr, "usage: catena_prior MODEL_FOLDER UTTERANCES...\n");
    return 2;
  }
  try {
    constexpr int kChunkMs = 640;
    const std::filesystem::path folder = argv[1];
    std::vector<std::shared_ptr<const UtteranceFile>> files;
    for (int i = 2; i < argc; ++i) files.push_back(std::make_shared<const UtteranceFile>(argv[i]));
    save_symbol_prior(symbol_prior_of(Weights::load(folder), files, kChunkMs), folder / "symbols.txt");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
