#include <catch2/catch.hpp>
#include <vector>

#include "model/attention/token_log.h"

using catena::model::Token;
using catena::model::lab::TokenLog;

namespace {

std::vector<Token> held(const TokenLog& log) {
  std::vector<Token> tokens;
  for (std::int64_t place = log.begin(); place < log.end(); ++place) tokens.push_back(log.at(place));
  return tokens;
}

std::int64_t write(TokenLog& log, std::int64_t place, const std::vector<Token>& tokens) {
  return log.write(place, tokens);
}

}  // namespace

TEST_CASE("a token log holds the newest tokens by their place") {
  TokenLog log(4);
  CHECK(write(log, 0, {1, 2, 3}) == 0);
  CHECK(write(log, 3, {4, 5, 6}) == 3);
  CHECK(log.begin() == 2);
  CHECK(log.end() == 6);
  CHECK(held(log) == std::vector<Token>{3, 4, 5, 6});
  CHECK(write(log, 6, {}) == 6);
}

TEST_CASE("a stream that goes back takes back only what it then reads otherwise") {
  TokenLog log(100);
  write(log, 0, {1, 2, 3, 4, 5});
  CHECK(write(log, 1, {2, 3}) == 5);  // read again, the same: nothing is news
  CHECK(log.end() == 5);
  CHECK(write(log, 3, {4, 9, 10}) == 4);
  CHECK(held(log) == std::vector<Token>{1, 2, 3, 4, 9, 10});
  CHECK(write(log, 4, {9, 10, 11}) == 6);
  CHECK(log.end() == 7);
}

TEST_CASE("tokens that do not touch those that are held begin the log anew") {
  TokenLog log(3);
  CHECK(write(log, 50, {1, 2}) == -1);
  CHECK(log.begin() == 50);
  CHECK(write(log, 60, {3}) == -1);  // some were missed
  CHECK(held(log) == std::vector<Token>{3});
  write(log, 61, {4, 5, 6});
  CHECK(write(log, 60, {7}) == -1);  // before what is held
  CHECK(log.begin() == 60);
  CHECK(log.end() == 61);
}
