#include <algorithm>
#include <catch2/catch.hpp>

#include "app/conversation/questions.h"

using namespace catena::app;

TEST_CASE("questions about the program and commands are understood, with courtesies and a wrong letter") {
  const auto what = [](const char* words) { return understand(words); };
  CHECK(what("what did i just say") == Understood{Asked::last_said});
  CHECK(what("how long have we been talking") == Understood{Asked::how_long});
  CHECK(what("hey catena how much memory do you use please") == Understood{Asked::memory});
  CHECK(what("how much memery do you use") == Understood{Asked::memory});
  CHECK(what("how fast are you") == Understood{Asked::speed});
  CHECK(what("which file is open") == Understood{Asked::open_file});
  CHECK(what("what time is it now") == Understood{Asked::time});
  CHECK(what("save the file") == Understood{Asked::save});
  CHECK(what("please save") == Understood{Asked::save});
  CHECK(what("read it to me") == Understood{Asked::read_aloud});
  CHECK(what("accept that") == Understood{Asked::accept});
  CHECK(what("undo") == Understood{Asked::undo});
  CHECK(what("stop") == Understood{Asked::stop});
  CHECK(what("chunk size sixty four") == Understood{Asked::chunk_length, 64});
  CHECK(what("set the chunk length to one hundred twenty eight") == Understood{Asked::chunk_length, 128});
}

TEST_CASE("talk that only sounds a little like them is talk") {
  for (const char* words :
       {"", "please", "what time is it in the story you read", "i saved the file yesterday", "undo is a verb",
        "chunk size very large", "how fast are you able to run", "read", "what did he say"}) {
    INFO(words);
    CHECK_FALSE(understand(words));
  }
}

TEST_CASE("every phrase that a recogniser is told is understood, and none is another's") {
  const std::vector<std::string> phrases = understood_phrases();
  CHECK(phrases.size() > 60);
  for (const std::string& phrase : phrases) {
    INFO(phrase);
    CHECK(understand(phrase));
  }
  const auto told = [&](const char* phrase) {
    return std::find(phrases.begin(), phrases.end(), phrase) != phrases.end();
  };
  CHECK(told("what did i just say"));
  CHECK(told("what did i say"));
  CHECK(told("set the chunk length to one hundred twenty eight"));
  CHECK(told("undo"));
  CHECK(told("open"));
  CHECK_FALSE(told("open the"));
  CHECK_FALSE(told("read it to"));
}

TEST_CASE("numbers are read as they are spoken") {
  CHECK(number_of("eight") == 8);
  CHECK(number_of("sixteen") == 16);
  CHECK(number_of("thirty two") == 32);
  CHECK(number_of("two hundred and fifty six") == 256);
  CHECK(number_of("five hundred twelve") == 512);
  CHECK(number_of("64") == 64);
  CHECK_FALSE(number_of(""));
  CHECK_FALSE(number_of("large"));
}

TEST_CASE("answers are made of facts") {
  Facts facts;
  CHECK(answer_to(Asked::last_said, facts) == "You have not said anything before that.");
  facts.last_said = "how long is the list";
  CHECK(answer_to(Asked::last_said, facts) == "You said: how long is the list.");
  facts.talking_ms = 61'000;
  CHECK(answer_to(Asked::how_long, facts) == "We have been talking for 1 minute.");
  facts.talking_ms = 3 * 3600'000 + 5 * 60'000;
  CHECK(answer_to(Asked::how_long, facts) == "We have been talking for 3 hours and 5 minutes.");
  facts.state_bytes = 170'000;
  facts.resident_bytes = 211'000'000;
  CHECK(answer_to(Asked::memory, facts) ==
        "From chunk to chunk I carry 0.2 megabytes, however long we talk. The whole program holds 211 megabytes.");
  facts.hour = 9;
  facts.minute = 5;
  CHECK(answer_to(Asked::time, facts) == "It is 9:05.");
  CHECK(answer_to(Asked::open_file, facts) == "No file is open.");
  CHECK(answer_to(Asked::speed, facts) == "I have not read enough yet to say.");
}
