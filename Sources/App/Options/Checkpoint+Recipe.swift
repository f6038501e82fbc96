import FoundationEssentials
import Models

extension Checkpoint {
  /// How the weights were trained; nil where the file does not say.
  var recipe: TrainingOptions? {
    metadata["recipe"].flatMap { try? JSONDecoder().decode(TrainingOptions.self, from: Data($0.utf8)) }
  }
}
