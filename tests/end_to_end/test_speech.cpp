// Reading speech from the command line: what comes out, and what bad input says.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "model/speech/frame_stack.h"
#include "model/speech/symbols.h"
#include "tests/end_to_end/fixture.h"
#include "tests/model/tiny_model.h"

namespace fs = std::filesystem;
using namespace catena::test;

namespace {

std::string little_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
  return text;
}

/// 16-bit samples of a tone that comes and goes like syllables.
std::string samples(int rate, int channels, double seconds) {
  std::string bytes;
  for (int i = 0; i < static_cast<int>(seconds * rate); ++i) {
    const double t = static_cast<double>(i) / rate;
    const double loudness = std::max(0.0, std::sin(2 * 3.14159265 * 3 * t));
    const auto value = static_cast<std::int16_t>(
        12000 * loudness * (std::sin(2 * 3.14159265 * 180 * t) + 0.5 * std::sin(2 * 3.14159265 * 900 * t)));
    for (int c = 0; c < channels; ++c) bytes += little_endian(static_cast<std::uint16_t>(value), 2);
  }
  return bytes;
}

std::string wav(int rate, int channels, double seconds) {
  const std::string data = samples(rate, channels, seconds);
  const auto size = static_cast<std::uint32_t>(data.size()), bytes = static_cast<std::uint32_t>(2 * channels);
  return "RIFF" + little_endian(36 + size, 4) + "WAVEfmt " + little_endian(16, 4) + little_endian(1, 2) +
         little_endian(static_cast<std::uint32_t>(channels), 2) + little_endian(static_cast<std::uint32_t>(rate), 4) +
         little_endian(static_cast<std::uint32_t>(rate) * bytes, 4) + little_endian(bytes, 2) + little_endian(16, 2) +
         "data" + little_endian(size, 4) + data;
}

struct Recording {
  TemporaryFolder folder;
  fs::path sound = folder / "said.wav", reader = folder / "reader";

  Recording() {
    using namespace catena::model;
    ModelConfig config = catena::model::test::tiny_config(Carry::delta, kSymbols);
    config.features = kStackedFeatures;
    catena::model::test::write_random_model(reader, config);
    write_file(sound, wav(16000, 1, 3));
  }
  Finished transcribe(const std::vector<std::string>& more = {}, const Surroundings& surroundings = {}) const {
    std::vector<std::string> words{"transcribe",    sound.string(),        "--model",
                                   reader.string(), "--no-language-model", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_catena(words, surroundings);
  }
};

}  // namespace

TEST_CASE("sound of any rate and number of channels is read, also raw from standard input") {
  Recording here;
  Surroundings surroundings;
  SECTION("16 kHz") {}
  SECTION("8 kHz, stereo") { write_file(here.sound, wav(8000, 2, 3)); }
  SECTION("48 kHz") { write_file(here.sound, wav(48000, 1, 3)); }
  SECTION("standard input") {
    write_file(here.folder / "raw", samples(16000, 1, 3));
    surroundings.standard_input = here.folder / "raw";
    here.sound = "-";
  }
  const Finished result = here.transcribe({}, surroundings);
  CHECK(result.code == 0);
  CHECK(result.err.empty());
  for (const nlohmann::json& word : json_lines(result.out)) {
    CHECK(word.at("start_ms").get<int>() < word.at("end_ms").get<int>());
    CHECK(word.at("end_ms").get<int>() <= 3100);
    CHECK(word.at("confidence").get<double>() <= 1);
  }
}

TEST_CASE("digital silence has no words") {
  Recording here;
  write_file(here.folder / "raw", std::string(16000 * 2 * 5, '\0'));
  here.sound = "-";
  Surroundings surroundings;
  surroundings.standard_input = here.folder / "raw";
  const Finished result = here.transcribe({}, surroundings);
  CHECK(result.code == 0);
  CHECK(result.out.empty());
}

TEST_CASE("what is no sound is refused by name") {
  Recording here;
  SECTION("missing") { fs::remove(here.sound); }
  SECTION("text") { write_file(here.sound, "these are words, not sound\n"); }
  SECTION("empty") { write_file(here.sound, ""); }
  SECTION("a folder") {
    fs::remove(here.sound);
    fs::create_directory(here.sound);
  }
  check_refused(here.transcribe(), {here.sound.string()});
}

TEST_CASE("a recording that was too loud is read, and that is said in one line") {
  const Recording here;
  std::string loud(2 * 16000, '\0');
  for (std::size_t i = 0; i < loud.size(); i += 2) {  // flat tops of 100 Hz
    const bool up = i / 160 % 2 == 0;
    loud[i] = static_cast<char>(up ? 0xFF : 0x00);
    loud[i + 1] = static_cast<char>(up ? 0x7F : 0x80);
  }
  std::string file = wav(16000, 1, 1);
  file.replace(44, loud.size(), loud);
  write_file(here.sound, file);
  const Finished result = here.transcribe();
  CHECK(result.code == 0);
  CHECK(result.err.find("said.wav is clipped") != std::string::npos);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

TEST_CASE("a recording that is cut short is read as far as it goes, and that is said") {
  const Recording here;
  fs::resize_file(here.sound, 44 + 2 * 16000);
  const Finished result = here.transcribe();
  CHECK(result.code == 0);
  CHECK(result.err.find("said.wav is cut short") != std::string::npos);
}

TEST_CASE("standard input that ends inside a sample is said") {
  Recording here;
  write_file(here.folder / "raw", samples(16000, 1, 1) + "x");
  here.sound = "-";
  Surroundings surroundings;
  surroundings.standard_input = here.folder / "raw";
  const Finished result = here.transcribe({}, surroundings);
  CHECK(result.code == 0);
  CHECK(result.err.find("in the middle of a sample") != std::string::npos);
}

TEST_CASE("a reader that is missing, broken or reads text is refused by name") {
  const Recording here;
  SECTION("missing") { fs::remove_all(here.reader); }
  SECTION("truncated") { fs::resize_file(here.reader / "model.safetensors", 1000); }
  SECTION("reads text") {
    fs::remove_all(here.reader);
    copy_tiny_model(here.reader);
  }
  check_refused(here.transcribe(), {here.reader.string()});
}

TEST_CASE("a reader of speech in the place of a text model is refused by name") {
  const Recording here;
  write_file(here.folder / "a.txt", "text\n");
  fs::copy_file(tiny_model_folder() / "tokenizer.model", here.reader / "tokenizer.model");
  check_refused(run_catena({"complete", (here.folder / "a.txt").string(), "--model", here.reader.string()}),
                {"reader"});
}

TEST_CASE("error rates are told per corpus and in total") {
  const Recording here;
  write_file(here.folder / "manifest.tsv",
             "file\tseconds\tspeaker\tcorpus\tlicence\ttranscript\nsaid.wav\t3\ta\tone\tx\thello "
             "there\nsaid.wav\t3\ta\ttwo\tx\tso\n");
  const Finished result = run_catena({"eval", "speech", (here.folder / "manifest.tsv").string(), "--model",
                                      here.reader.string(), "--no-language-model", "--json"});
  REQUIRE(result.code == 0);
  const auto lines = json_lines(result.out);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].at("corpus") == "one");
  CHECK(lines[2].at("corpus") == "total");
  CHECK(lines[2].at("words") == 3);
  CHECK(lines[2].at("wer_percent").get<double>() > 0);
  CHECK(lines[2].at("compute_percent_of_audio").get<double>() > 0);
}

TEST_CASE("a manifest that cannot be used is refused with its line") {
  const Recording here;
  const fs::path manifest = here.folder / "manifest.tsv";
  std::vector<std::string> named{manifest.string()};
  SECTION("missing") {}
  SECTION("without the columns") { write_file(manifest, "a\tb\n1\t2\n"); }
  SECTION("a short line") {
    write_file(manifest, "file\ttranscript\nsaid.wav\n");
    named.push_back("manifest.tsv:2");
  }
  SECTION("a file that is not there") {
    write_file(manifest, "file\ttranscript\nother.wav\thello\n");
    named = {"other.wav"};
  }
  check_refused(
      run_catena({"eval", "speech", manifest.string(), "--model", here.reader.string(), "--no-language-model"}), named);
}

TEST_CASE("a conversation in files: the answer's voice lies in the time of the input") {
  const Recording here;
  const fs::path answers = here.folder / "answers.wav";
  const std::vector<std::string> words{
      "converse",           "--input",          here.sound.string(),          "--output", answers.string(), "--model",
      here.reader.string(), "--language-model", tiny_model_folder().string(), "--json"};
  const Finished result = run_catena(words);
  REQUIRE(result.code == 0);
  CHECK(result.err.empty());
  for (const nlohmann::json& line : json_lines(result.out)) {
    const std::string who = line.at("who");
    CHECK((who == "you" || who == "catena"));
    CHECK(line.at("interrupted").is_boolean());
  }
  CHECK(fs::file_size(answers) >= 44 + 2 * 3 * 22050 * 99 / 100);
}

TEST_CASE("a conversation is held over sound of any rate and channels, and over half a file") {
  const Recording here;
  std::string said;  // on standard error
  SECTION("8 kHz") { write_file(here.sound, wav(8000, 1, 2)); }
  SECTION("stereo") { write_file(here.sound, wav(44100, 2, 2)); }
  SECTION("cut short") {
    fs::resize_file(here.sound, 44 + 2 * 16000);
    said = "said.wav is cut short";
  }
  const Finished result = run_catena({"converse", "--input", here.sound.string(), "--model", here.reader.string(),
                                      "--language-model", tiny_model_folder().string(), "--json"});
  CHECK(result.code == 0);
  CHECK(result.err.find(said) != std::string::npos);
  CHECK(std::count(result.err.begin(), result.err.end(), '\n') == (said.empty() ? 0 : 1));
}

TEST_CASE("a disk that is full is said when the answers are written, and what was there stays") {
  const Recording here;
  const fs::path answers = here.folder / "answers.wav";
  write_file(answers, "old");
  const Finished result =
      run_catena({"converse", "--input", here.sound.string(), "--output", answers.string(), "--model",
                  here.reader.string(), "--language-model", tiny_model_folder().string()},
                 {.largest_file = 16 << 10});
  CAPTURE(result.err);
  CHECK(result.code == 2);
  CHECK(result.err.find("answers.wav: cannot be written") != std::string::npos);
  // The bound on the file's size makes libsndfile add a line of its own, which a full disk does not.
  CHECK(result.err.find("catena:") == result.err.rfind("catena:"));
  CHECK(read_file(answers) == "old");
  CHECK_FALSE(fs::exists(answers.string() + ".part"));
}

TEST_CASE("devices that are not there are refused by name, and none are needed for a list") {
  const Finished list = run_catena({"devices", "--json"});
  CHECK(list.code == 0);
  for (const nlohmann::json& device : json_lines(list.out)) {
    CHECK((device.at("kind") == "microphone" || device.at("kind") == "loudspeaker"));
    CHECK(device.at("default").is_boolean());
  }
  check_refused(run_catena({"devices", "--test-tone", "--loudspeaker", "no-such-thing"}), {"no-such-thing"});
}

TEST_CASE("the voice bench tells latencies, compute and self-interruptions, with their bounds") {
  const Recording here;
  const Finished result = run_catena({"bench", "voice", "--turns", "1", "--model", here.reader.string(),
                                      "--language-model", tiny_model_folder().string(), "--json"});
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  const nlohmann::json line = json_lines(result.out).at(0);
  for (const char* figure : {"final_text", "first_sample", "barge_in_silence", "first_partial"}) {
    CHECK(line.contains(std::string(figure) + "_p50_ms"));
    CHECK(line.contains(std::string(figure) + "_p95_ms"));
    CHECK(line.at(std::string(figure) + "_bound_ms").get<double>() > 0);
  }
  CHECK(line.at("compute_percent_of_audio").get<double>() > 0);
  for (const char* key : {"echo_self_interruptions", "uncancelled_echo_self_interruptions", "erle_db", "echo_delay_ms"})
    CHECK(line.contains(key));
}

TEST_CASE("a conversation that cannot be held is refused before it begins") {
  const Recording here;
  std::vector<std::string> words{
      "converse", "--model", here.reader.string(), "--language-model", tiny_model_folder().string(), "--input"};
  SECTION("no sound") {
    write_file(here.folder / "notes.txt", "these are words\n");
    words.push_back((here.folder / "notes.txt").string());
    check_refused(run_catena(words), {"notes.txt"});
  }
  SECTION("nowhere to write") {
    words.insert(words.end(), {here.sound.string(), "--output", (here.folder / "no" / "answers.wav").string()});
    check_refused(run_catena(words), {"answers.wav", "does not exist"});
  }
}

TEST_CASE("the soak bench tells whether anything grew") {
  const Recording here;
  const Finished result = run_catena({"bench", "soak", "--hours", "0.02", "--file", here.sound.string(), "--model",
                                      here.reader.string(), "--no-language-model", "--json"});
  REQUIRE(result.code == 0);
  const nlohmann::json line = json_lines(result.out).at(0);
  CHECK(line.at("state_growth_bytes") == 0);
  CHECK(line.at("chunks").get<int>() >= 112);  // 72 s in chunks of 640 ms
  for (const char* key : {"rss_growth_bytes", "p95_last_over_first", "compute_percent_of_audio", "hours"})
    CHECK(line.contains(key));
}
