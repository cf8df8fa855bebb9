#include <catch2/catch.hpp>
#include <sstream>

#include "app/conversation/dictation.h"

using namespace catena::app;
using Kind = DictationEdit::Kind;

namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> result;
  for (std::string word; stream >> word;) result.push_back(word);
  return result;
}

/// What stands in the document in the end.
struct Document {
  Dictation dictation;
  std::vector<std::string> insertions;
  bool stopped = false;
  int accepted = 0;

  void say(const std::string& text, bool ended = true, const std::string& phrase = {}) {
    for (const DictationEdit& edit : dictation.hear(words(text), ended, phrase)) {
      if (edit.kind == Kind::accept) ++accepted;
      if (edit.kind == Kind::insert) insertions.push_back(edit.text);
      if (edit.kind == Kind::undo && !insertions.empty()) insertions.pop_back();
      if (edit.kind == Kind::stop) stopped = true;
    }
  }
  std::string text() const {
    std::string result;
    for (const std::string& each : insertions) result += each;
    return result;
  }
};

}  // namespace

TEST_CASE("words become text with spaces, capitals and punctuation by name") {
  Document document;
  document.say("dear ann comma how are you question mark i am well period");
  CHECK(document.text() == "Dear ann, how are you? I am well.");
  document.say("and i'm glad full stop new line bye exclamation mark new paragraph so colon");
  CHECK(document.text() == "Dear ann, how are you? I am well. And I'm glad.\nBye!\n\nSo:");
}

TEST_CASE("a command in two words may come in two pieces, and its first word alone is text") {
  Document document;
  document.say("one new", false);
  CHECK(document.text() == "One");
  document.say("line two", false);
  CHECK(document.text() == "One\nTwo");
  document.say("new things full", true);
  CHECK(document.text().find("new things full") != std::string::npos);
}

TEST_CASE("undo takes the last insertion back, with its capital") {
  Document document;
  document.say("good morning period");
  document.say("well");
  document.say("undo that");
  document.say("hello");
  CHECK(document.text() == "Good morning. Hello");
}

TEST_CASE("what is said behind stop dictation is not typed") {
  Document document;
  document.say("the end stop dictation and more");
  CHECK(document.text() == "The end");
  CHECK(document.stopped);
}

TEST_CASE("accept and stop are commands where nothing else is said") {
  Document document;
  document.say("i accept the stop");
  CHECK(document.text() == "I accept the stop");
  CHECK(document.accepted == 0);
  document.say("accept");
  document.say("accept that");
  CHECK(document.accepted == 2);
  CHECK(document.text() == "I accept the stop");
  document.say("stop");
  CHECK(document.stopped);
}

TEST_CASE("an utterance that is recognised as a command is that command, whatever words were read") {
  Document document;
  document.say("one");
  document.say("new lion", true, "new line");
  document.say("two");
  CHECK(document.text() == "One\nTwo");
  document.say("and do", false);  // typed at once, since it is settled
  CHECK(document.text() == "One\nTwo and do");
  document.say("cat", true, "undo that");
  CHECK(document.text() == "One\n");
  document.say("except", true, "accept");
  CHECK(document.accepted == 1);
  document.say("new line", true, "new line");  // read rightly as well: once
  CHECK(document.text() == "One\n\n");
  document.say("stopped vacation", true, "stop dictation");
  CHECK(document.stopped);
  CHECK(document.text() == "One\n\n");
}

TEST_CASE("a phrase that is no command of dictation changes nothing") {
  Document document;
  document.say("what time is it", true, "what time is it");
  CHECK(document.text() == "What time is it");
}
