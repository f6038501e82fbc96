import Glibc

/// A training run that cannot start or continue. `description` is one line.
public enum RunError: Error, Equatable {
  /// A new run never writes into an old one.
  case folderNotEmpty(path: String)
  /// Another process trains in the folder.
  case busy(path: String, process: Int?)
  /// A system call failed on a file or folder.
  case file(path: String, reason: String)
  case notARun(path: String, reason: String)
  /// The process that made the folder ended before its configuration was written.
  case unbegun(path: String)
  /// A run that was trained, whose state is missing; `path` is where it was.
  case withoutState(path: String)
  case invalidOption(String)
  /// A save failed; what was saved before is whole. `step` is that of the last save, nil where there is none.
  case notSaved(reason: String, run: String, step: Int?)
  /// Losses or weights that are NaN or infinite.
  case diverged(step: Int, learningRate: Float, try: Float, lastCheckpoint: String?)
  /// A GAN whose discriminator classifies every coloring correctly, so that its generator learns nothing.
  case discriminatorOverpowers(step: Int, steps: Int, run: String, checkpoint: String?)
  /// The device has no memory for a step of this size.
  case outOfMemory(MemoryShortage)
}

extension RunError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .folderNotEmpty(let path):
      "\(path): already holds files; name a new folder, or go on with the run in it by --resume \(path)"
    case .busy(let path, let process):
      "\(path): \(process.map { "process \($0)" } ?? "another process") is training in it; "
        + "wait for it, or stop it first"
    case .file(let path, let reason): "\(path): \(reason)"
    case .notARun(let path, let reason): "\(path): not a training run to go on with: \(reason)"
    case .unbegun(let path):
      "\(path): the run was ended before its config.json was written; begin it anew by --out \(path)"
    case .withoutState(let path):
      "\(path): missing, though the run was trained, and going on would begin it anew over what is there; "
        + "put the file back, or begin another run by --out and a new folder"
    case .invalidOption(let text): text
    case .notSaved(let reason, let run, let step):
      "\(reason); training has stopped, "
        + (step.map { "what was saved at step \($0) is whole" } ?? "and nothing was saved before")
        + "; \(Self.lacksRoom(reason) ? "make room for it" : "mend that"), and go on by --resume \(run)"
    case .diverged(let step, let learningRate, let smaller, let lastCheckpoint):
      "the loss is NaN or infinite at step \(step); start anew with a --learning-rate smaller than "
        + "\(learningRate), such as \(smaller)"
        + (lastCheckpoint.map { "; \($0) holds the last good weights" } ?? "; nothing was saved before that")
    case .discriminatorOverpowers(let step, let steps, let run, let checkpoint):
      "the discriminator overpowers the generator: for \(steps) steps up to step \(step) it recognized every "
        + "prediction; start anew with a smaller --learning-rate, another --seed or a larger --batch-size"
        + (checkpoint.map { "; \($0) holds the best weights so far" } ?? "")
        + "; to continue all the same: --resume \(run) --no-guard"
    case .outOfMemory(let shortage): shortage.description
    }
  }
}

extension RunError {
  /// Whether the reason of a failed save is a disk, a quota or a limit of file sizes that is used up.
  private static func lacksRoom(_ reason: String) -> Bool {
    reason.contains("the disk has room for")
      || [ENOSPC, EDQUOT, EFBIG].contains { reason.hasSuffix(String(cString: strerror($0))) }
  }

  /// Whether the file system failed.
  var isOfFile: Bool { if case .file = self { true } else { false } }
}
