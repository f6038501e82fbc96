import Data
import Models

/// The images of a folder without a test part that models were not trained on, as far as their runs are known.
///
/// A run knows its images by their fingerprint, which is that of a folder with or without its gray and toned images.
struct UnseenImages {
  let dataset: ImageDataset
  /// Numbers of the images that no model was trained on, in ascending order.
  let indices: [UInt32]

  /// A model that is measured, and the run that its weights are in; nil where they are in none.
  private struct Model {
    let name: String
    let run: RunConfiguration?
  }

  /// The folder's images, with or without the gray and toned ones.
  private struct Reading {
    let toned: TonedImages
    let contents: ImageFolder.Contents
    /// The fingerprints of the images by the parts of the photographs that they are.
    private let fingerprints: [Crop: DataFingerprint]

    /// - Parameter crops: The parts of the photographs that runs were trained on. The contents are the central ones.
    init(_ folder: String, size: Int, crops: Set<Crop>, toned: TonedImages) throws(DataError) {
      self.toned = toned
      contents = try ImageFolderReport.read(folder, size: size, toned: toned)
      var fingerprints = [Crop.center: try DataFingerprint(of: contents.dataset)]
      for crop in crops where crop != .center {
        let cropped = try ImageFolderReport.read(folder, size: size, crop: crop, toned: toned)
        fingerprints[crop] = try DataFingerprint(of: cropped.dataset)
      }
      self.fingerprints = fingerprints
    }

    /// Whether the model's run has these photographs.
    func isOf(_ model: Model) -> Bool {
      model.run.map { $0.dataFingerprint == fingerprints[$0.usedCrop] } ?? false
    }
  }

  /// Reads the folder, without its gray and toned images where the runs were trained without them. Writes remarks about
  /// images that are left out, and about weights that may have been trained on the others.
  /// - Parameters:
  ///   - size: Width and height to which the images are resized.
  ///   - toned: Whether gray and toned images are left out; nil where it is not given.
  ///   - weights: The weights of all models that are measured.
  /// - Throws: `DataError`; `RunError.invalidOption` where runs have the images with and without the toned ones, so
  ///   that their numbers differ, or where the option contradicts a run.
  init(in folder: String, size: Int, toned: TonedImages?, for weights: [Checkpoint]) throws {
    let models = weights.map { Model(name: $0.name, run: $0.runConfiguration) }
    let ofRun = models.lazy.compactMap(\.run).first { $0.data == folder }?.usedToned
    let crops = Set(models.compactMap(\.run?.usedCrop))
    var reading = try Reading(folder, size: size, crops: crops, toned: toned ?? ofRun ?? .drop)
    let others = models.filter { model in
      guard let run = model.run, case .folder = DataSource(argument: run.data) else { return false }
      return run.usedToned != reading.toned && run.imageWidth == size && !reading.isOf(model)
    }
    // Where all images are toned, none are left without them, and no run has these.
    if !others.isEmpty,
      let other = try? Reading(folder, size: size, crops: crops, toned: reading.toned == .drop ? .keep : .drop),
      let model = others.first(where: other.isOf)
    {
      if let first = models.first(where: reading.isOf) {
        throw RunError.invalidOption(
          "\(first.name) was trained on \(folder) with --toned \(reading.toned.rawValue), \(model.name) with --toned "
            + "\(other.toned.rawValue); measure them one at a time, or on photographs that neither was trained on")
      }
      guard toned == nil else {
        throw RunError.invalidOption(
          "--toned \(reading.toned.rawValue): \(model.name) was trained on \(folder) with --toned "
            + "\(other.toned.rawValue); leave --toned out, or measure on other photographs")
      }
      reading = other
    }
    ImageFolderReport.note(reading.contents, of: folder)
    dataset = reading.contents.dataset
    var seen: Set<UInt32> = []
    for model in models {
      guard let run = model.run, reading.isOf(model) else {
        Console.warning(
          "\(folder) has no folders train and test; if \(model.name) was trained on its images, it has seen some")
        continue
      }
      seen.formUnion(try run.split(count: dataset.count).training)
    }
    indices = (0..<UInt32(dataset.count)).filter { !seen.contains($0) }
    if !seen.isEmpty {
      Console.note(
        "\(folder) has no folders train and test; measuring on \(indices.count) of its \(dataset.count) images, "
          + "those that were not trained on")
    }
  }
}
