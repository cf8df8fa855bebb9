#include <catch2/catch.hpp>

#include "model/text/segmenter.h"
#include "model/text/utf8.h"
#include "tests/model/text/fixtures.h"

using namespace catena::model;
using namespace catena::model::test;

namespace {

std::vector<std::string> segments(std::string_view text) {
  std::vector<std::string> result;
  Segmenter segmenter;
  const auto emit = [&](std::string_view segment, bool) { result.emplace_back(segment); };
  segmenter.feed(text, emit);
  segmenter.flush(emit);
  return result;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("Code is cut into words, marks, digits, blanks and newlines") {
  CHECK(segments("total += item.size();") == Texts{"total", " +=", " item", ".size", "();"});
  CHECK(segments("x = 10\n") == Texts{"x", " =", " ", "1", "0", "\n"});
  CHECK(segments("\n    return a") == Texts{"\n", "   ", " return", " a"});
  CHECK(segments("\t\tif\r\n") == Texts{"\t\t", "if", "\r", "\n"});
  CHECK(segments("a->next_b (x") == Texts{"a", "->", "next_b", " (", "x"});
}

TEST_CASE("Prose keeps the apostrophe with what follows, and other alphabets are words") {
  CHECK(segments("don't, caf\xC3\xA9") == Texts{"don", "'t", ",", " caf\xC3\xA9"});
  CHECK(segments("\xD0\xB4\xD0\xB0 \xE2\x80\x9Cno") == Texts{"\xD0\xB4\xD0\xB0", " \xE2\x80\x9C", "no"});
}

TEST_CASE("Bytes that are no UTF-8, and U+2581, are segments of their own") {
  CHECK(segments("a\xFF"
                 "b") == Texts{"a", "\xFF", "b"});
  CHECK(segments("a\xE2\x82z") == Texts{"a", "\xE2", "\x82", "z"});
  CHECK(segments("a\xE2\x96\x81 b") == Texts{"a", "\xE2\x96\x81", " b"});
  CHECK(segments("\xC3") == Texts{"\xC3"});
}

TEST_CASE("Nothing is lost and no segment is too long, whatever the bytes and the split") {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    const std::string text = random_text(random, 300);
    const Texts whole = segments(text);
    std::string joined;
    for (const std::string& segment : whole) {
      joined += segment;
      REQUIRE(segment.size() <= Segmenter::max_segment);
    }
    REQUIRE(joined == text);

    Texts streamed;
    Segmenter segmenter;
    const auto emit = [&](std::string_view segment, bool) { streamed.emplace_back(segment); };
    feed_randomly(random, text, 7, [&](std::string_view piece) {
      segmenter.feed(piece, emit);
      REQUIRE(segmenter.pending().size() <= Segmenter::max_segment + 3);
    });
    segmenter.flush(emit);
    REQUIRE(streamed == whole);
  }
}

TEST_CASE("Feeding the pending bytes to a fresh segmenter gives the same state") {
  std::mt19937 random(6);
  for (int round = 0; round < 200; ++round) {
    const std::string text = random_text(random, 60);
    const std::string rest = random_text(random, 60);
    Segmenter original;
    original.feed(text, [](std::string_view, bool) {});
    Segmenter copy;
    copy.feed(original.pending(), [](std::string_view, bool) { FAIL("pending bytes must not complete a segment"); });
    Texts from_original;
    Texts from_copy;
    const auto collect = [](Texts& into) {
      return [&into](std::string_view segment, bool) { into.emplace_back(segment); };
    };
    original.feed(rest, collect(from_original));
    copy.feed(rest, collect(from_copy));
    REQUIRE(from_original == from_copy);
    REQUIRE(original.pending() == copy.pending());
  }
}

TEST_CASE("UTF-8 is decoded strictly") {
  CHECK(decode_utf8("\xC3\xA9").code_point == 0xE9);
  CHECK(decode_utf8("\xF0\x9F\x99\x82").code_point == 0x1F642);
  CHECK(decode_utf8("\xC0\x80").status == Utf8::invalid);
  CHECK(decode_utf8("\xE0\x80\x80").status == Utf8::invalid);
  CHECK(decode_utf8("\xED\xA0\x80").status == Utf8::invalid);
  CHECK(decode_utf8("\xF4\x90\x80\x80").status == Utf8::invalid);
  CHECK(decode_utf8("\xF0\x9F").status == Utf8::incomplete);
  CHECK(incomplete_tail("ab\xF0\x9F\x99") == 3);
  CHECK(incomplete_tail("ab\xC3\xA9") == 0);
  CHECK(incomplete_tail("\xA9\xA9") == 0);
  CHECK(incomplete_tail("") == 0);
}
