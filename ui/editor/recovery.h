// Unsaved text, kept beside the settings so that neither kill -9 nor a closed window loses it.
// One file a document: a line of JSON (path, name, cursor), then the text. Written atomically on a worker thread.
#pragma once

#include <QByteArray>
#include <QList>
#include <QString>
#include <QThreadPool>

namespace catena::ui {

struct RecoveryEntry {
  QString id;    ///< names the recovery file
  QString path;  ///< of the document's file, empty for one never saved
  QString name;
  int cursor = 0;  ///< byte position
  bool byte_order_mark = false;
  QByteArray text;
};

class RecoveryStore {
 public:
  /// Keeps its files in `folder`, created when missing.
  explicit RecoveryStore(const QString& folder);
  /// Waits for what is being written.
  ~RecoveryStore();

  static QString newId();

  /// Writes in the background; the newest entry of an id wins.
  void keep(const RecoveryEntry& entry);
  /// The document is saved or discarded: its recovery file goes away.
  void drop(const QString& id);
  /// Everything found, oldest first; files that cannot be understood are left alone and skipped.
  QList<RecoveryEntry> load();
  /// Blocks until everything kept is on disk. Returns one line when something could not be written, else empty.
  QString flush();

 private:
  QString fileOf(const QString& id) const;

  QString folder_;
  QString problem_;     // written by the worker, read after waitForDone
  QThreadPool worker_;  // one thread: writes stay in order
};

}  // namespace catena::ui
