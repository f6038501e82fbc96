import ArgumentParser
import Files
import FoundationEssentials
import Imaging
import Models

/// The arguments of `colorize`, divided into a model and pictures.
struct ModelChoice {
  /// A safetensors file, the folder of a run, or the name of a built-in model.
  let model: String
  let pictures: [String]
  /// A line that says that the standard model colors; nil where a model is named, and for a single argument.
  let remark: String?

  /// Divides arguments: the first is a model where it names one and pictures follow.
  /// - Parameters:
  ///   - weights: The model where it is given by an option; then all arguments are pictures.
  ///   - isRecursive: Whether the pictures of a folder include those of folders inside it.
  /// - Throws: `ValidationError` where there is no picture, and where a model is among the pictures; `RunError` where
  ///   the first of several arguments names nothing, or a folder with neither.
  init(_ arguments: [String], weights: String?, isRecursive: Bool) throws {
    let first = arguments.first ?? ""
    if let weights {
      (model, pictures, remark) = (weights, arguments, nil)
    } else if try Self.isModel(first, isAlone: arguments.count == 1, isRecursive: isRecursive) {
      (model, pictures, remark) = (first, Array(arguments.dropFirst()), nil)
    } else {
      model = BuiltInModel.standard.argument
      pictures = arguments
      remark =
        arguments.count > 1 ? "coloring with \(model); another model is named first or by --weights" : nil
    }
    for picture in pictures where Self.role(of: picture) == .model {
      let line = ["recolor", "colorize", picture] + pictures.filter { $0 != picture }.prefix(1)
      throw ValidationError(
        "\(picture): is a model; a model comes before the pictures, \(line.map(Format.shellWord).joined(separator: " ")), "
          + "or after --weights.")
    }
  }

  /// Returns whether the first argument is a model.
  /// - Throws: `ValidationError` where it is one and alone; `RunError` where it is neither a model nor a picture and
  ///   not alone.
  private static func isModel(_ first: String, isAlone: Bool, isRecursive: Bool) throws -> Bool {
    switch role(of: first) {
    case .model:
      guard !isAlone else { throw ValidationError("\(first): is a model; name a picture to color, too.") }
      return true
    // Opening it says what is wrong with it.
    case .otherFile: return !isAlone
    case .nothing where !isAlone:
      throw RunError.file(
        path: first,
        reason: "no such model or picture; a model is a run's folder, a safetensors file or \(BuiltInModel.list)")
    case .folder where !isAlone:
      guard holdsPictures(first, isRecursive: isRecursive) else {
        throw RunError.file(
          path: first,
          reason: "holds neither pictures nor a run's weights"
            + (RunPlace.list(in: first).map { "; \($0)" }
              ?? (isRecursive ? "" : "; --recursive looks into folders inside it")))
      }
      return false
    case .picture, .folder, .nothing: return false
    }
  }

  /// Returns whether there are pictures in a folder, or parts of it that cannot be read, which are reported later.
  private static func holdsPictures(_ folder: String, isRecursive: Bool) -> Bool {
    guard let contents = try? PictureFolder(folder, isRecursive: isRecursive) else { return true }
    return !contents.pictures.isEmpty || !contents.problems.isEmpty
  }

  private enum Role {
    case model
    /// A picture, or standard input; it need not exist.
    case picture
    /// A folder that is no run.
    case folder
    case otherFile
    case nothing
  }

  /// Returns the role of an argument, without reading more of a file than a run's configuration or the first bytes.
  private static func role(of argument: String) -> Role {
    if argument.hasPrefix(BuiltInModel.prefix) || argument.hasSuffix(".safetensors") { return .model }
    if Folder.exists(argument) {
      let run = RunDirectory(opening: URL(filePath: argument))
      // Folders of pictures may hold a config.json, too.
      let isRun =
        Folder.holdsName(run.best.path) || Folder.holdsName(run.last.path) || (try? run.readConfiguration()) != nil
      return isRun ? .model : .folder
    }
    if argument == "-" || ImageFormat(named: argument) != nil || UnreadFormat(named: argument) != nil {
      return .picture
    }
    guard Folder.holdsName(argument) else { return .nothing }
    return ImageFormat(ofFileAt: argument) == nil ? .otherFile : .picture
  }
}
