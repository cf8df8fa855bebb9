// catena_pack: trains a tokenizer and packs corpus files, outside of a training run.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/packer.h"
#include "model/text/tokenizer_training.h"

namespace {

using namespace catena::model;

constexpr std::string_view usage =
    "catena_pack train OUT.model VOCAB FILE=SHARE...     train a tokenizer on weighted corpus files\n"
    "catena_pack pack TOKENIZER.model OUT.tokens FILE... turn corpus files into packed tokens\n"
    "catena_pack fill EVERY TOKENIZER.model OUT.tokens FILE...\n"
    "                                                    the same, with an example of filling in every EVERY tokens\n";

volatile std::sig_atomic_t interrupted = 0;

int train(const std::vector<std::string>& arguments) {
  TokenizerTraining options;
  options.vocab = std::stoi(arguments[1]);
  std::vector<TokenizerSource> sources;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    const std::size_t equals = arguments[i].rfind('=');
    if (equals == std::string::npos) throw std::runtime_error("'" + arguments[i] + "': expected FILE=SHARE");
    sources.push_back({arguments[i].substr(0, equals), std::stod(arguments[i].substr(equals + 1))});
  }
  const TokenizerTrainingResult result = train_tokenizer(sources, options, arguments[0]);
  std::printf("%s: %llu bytes sampled, %llu different segments\n", arguments[0].c_str(),
              static_cast<unsigned long long>(result.sampled_bytes), static_cast<unsigned long long>(result.segments));
  return 0;
}

int pack(const std::vector<std::string>& arguments, const PackOptions& options = {}) {
  const std::vector<std::filesystem::path> files(arguments.begin() + 2, arguments.end());
  std::stop_source stop;
  const auto observer = [&](const PackProgress& progress) {
    if (interrupted) stop.request_stop();
    std::fprintf(stderr, "\r%5.1f %%  %.1f M tokens",
                 100.0 * static_cast<double>(progress.bytes_read) / static_cast<double>(progress.bytes_total),
                 static_cast<double>(progress.tokens) / 1e6);
  };
  const PackResult result =
      pack_tokens(files, Tokenizer::load(arguments[0]), arguments[1], options, observer, stop.get_token());
  if (result.interrupted) {
    std::fprintf(stderr, "\ninterrupted; nothing written\n");
    return 1;
  }
  std::printf("\n%s: %llu tokens, %llu bytes of text, %.3f bytes a token, %llu documents\n", arguments[1].c_str(),
              static_cast<unsigned long long>(result.tokens), static_cast<unsigned long long>(result.text_bytes),
              static_cast<double>(result.text_bytes) / static_cast<double>(result.tokens),
              static_cast<unsigned long long>(result.documents));
  return 0;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  std::signal(SIGINT, [](int) { interrupted = 1; });
  try {
    if (arguments.size() >= 4 && arguments[0] == "train") return train({arguments.begin() + 1, arguments.end()});
    if (arguments.size() >= 4 && arguments[0] == "pack") return pack({arguments.begin() + 1, arguments.end()});
    if (arguments.size() >= 5 && arguments[0] == "fill") {
      return pack({arguments.begin() + 2, arguments.end()}, {.fill_in_middle_every = std::stod(arguments[1])});
    }
    std::fputs(usage.data(), stderr);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "catena_pack: %s\n", error.what());
    return 1;
  }
}
