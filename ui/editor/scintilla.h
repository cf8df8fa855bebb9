// QScintilla's header needs Qt's lower-case keywords, which are off in this project: they exist only around this
// include.
#pragma once

#include <QObject>

#define signals Q_SIGNALS
#define slots Q_SLOTS
#include <Qsci/qsciscintillabase.h>
#undef signals
#undef slots
