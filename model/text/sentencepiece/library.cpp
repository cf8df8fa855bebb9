#include "model/text/sentencepiece/library.h"

#include <dlfcn.h>

#include <stdexcept>

namespace catena::model {
namespace {

#ifndef CATENA_MODULE_FOLDER
#define CATENA_MODULE_FOLDER ""
#endif

using EntryPoint = const SentencePieceLibrary* (*)();

const SentencePieceLibrary* open_module() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int own_symbols_first = 0;  // sanitizers refuse RTLD_DEEPBIND; no sanitized program has both libraries
#else
  constexpr int own_symbols_first = RTLD_DEEPBIND;
#endif
  // By name: found through the program's run path, beside the other libraries of the build or the installation.
  void* module = dlopen(CATENA_MODULE_FOLDER "libcatena_sentencepiece.so", RTLD_NOW | RTLD_LOCAL | own_symbols_first);
  void* entry = module == nullptr ? nullptr : dlsym(module, "catena_sentencepiece");
  if (entry == nullptr) {
    const char* why = dlerror();
    throw std::runtime_error(std::string("the tokenizer library could not be loaded (") +
                             (why != nullptr ? why : "no reason given") + "); build or install the program again");
  }
  return reinterpret_cast<EntryPoint>(entry)();
}

}  // namespace

const SentencePieceLibrary& sentencepiece_library() {
  static const SentencePieceLibrary* library = open_module();
  return *library;
}

}  // namespace catena::model
