import Files
import FoundationEssentials
import Models

/// The runs around a path that was given where a run or weights are needed.
enum RunPlace {
  /// Largest number of runs that a message names.
  private static let namedCount = 3

  /// Returns the folder of the run that a file or folder is in: `runs/gan` for `runs/gan/config.json` and
  /// `runs/gan/checkpoints/last.safetensors`; nil where it is in none, or is a run itself.
  static func run(holding path: String) -> String? {
    let folder = Folder.parent(of: Folder.withoutSlashes(path))
    return [folder, Folder.parent(of: folder)].first(where: isRun)
  }

  /// Returns which runs are in a folder, for messages: `it holds the runs gan and unet; name one of them: runs/gan`;
  /// nil where it holds none.
  static func list(in folder: String) -> String? {
    let names = ((try? Folder.names(in: folder)) ?? []).filter { !$0.hasPrefix(".") && isRun("\(folder)/\($0)") }
    guard let first = names.first else { return nil }
    let rest = names.count - namedCount
    let listed = names.prefix(namedCount) + (rest > 0 ? ["\(Format.count(rest)) more"] : [])
    let path = Format.shellWord(Folder.path(of: first, in: folder))
    return names.count == 1
      ? "it holds a run; name that: \(path)"
      : "it holds the runs \(Format.list(Array(listed), "and")); name one of them, such as \(path)"
  }

  /// Throws where a path to resume is no run, but near one.
  /// - Throws: `RunError`.
  static func requireRun(_ path: String) throws(RunError) {
    guard !isRun(path) else { return }
    if let run = run(holding: path) {
      throw .file(path: path, reason: "is a part of a run; name the run: --resume \(Format.shellWord(run))")
    }
    if let runs = list(in: path) { throw .file(path: path, reason: "is no run; \(runs)") }
  }

  /// Whether a folder is a run's, by the names in it.
  static func isRun(_ folder: String) -> Bool {
    let run = RunDirectory(opening: URL(filePath: folder))
    return Folder.holdsFile(run.configuration.path) && Folder.exists(folder + "/checkpoints")
  }
}
