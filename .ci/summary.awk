# Sums the JUnit files of ctest into one line: "N passed, N failed, N skipped".
# A Catch2 program counts with its test cases, anything else as one test. Exit status 1 when a test failed or none ran.

function number_before(text, word,    part) {
  if (!match(text, "[0-9]+ " word)) return 0
  part = substr(text, RSTART, RLENGTH)
  return part + 0
}

function end_of_test() {
  if (status == "notrun" || status == "disabled") skipped++
  else if (status == "run" && !empty) passed += cases ? cases_passed : 1
  else {
    passed += cases_passed
    failed += cases_failed ? cases_failed : 1
  }
}

/<testcase / {
  status = $0
  sub(/.* status="/, "", status)
  sub(/".*/, "", status)
  cases = cases_passed = cases_failed = empty = 0
}
# Only a test that said so itself is skipped; one that could not be started failed.
/<skipped / { status = /SKIP_/ ? "notrun" : "fail" }
/All tests passed \(/ { cases = 1; cases_passed += number_before($0, "test case") }
/test cases: +[0-9]+ \|/ {
  cases = 1
  cases_passed += number_before($0, "passed")
  cases_failed += number_before($0, "failed")
}
/No tests ran/ { empty = 1 }
/<\/testcase>/ { end_of_test() }

END {
  printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
  exit failed > 0 || passed == 0
}
