/// A column of a run's `metrics.csv` in words. Columns that are not known here are named by themselves.
struct QuantityName {
  let title: String
  /// Of its values; may be empty.
  let unit: String

  init(column: String) {
    var words = column
    var part = ""
    if column.hasPrefix("validation_") {
      words = String(column.dropFirst("validation_".count))
      part = ", validation"
    }
    let (name, unit) = Self.known[words] ?? (words.split(separator: "_").joined(separator: " "), "")
    title = name + part
    self.unit = unit
  }

  private static let known = [
    "mse": ("MSE", ""), "psnr": ("PSNR", "dB"), "ssim": ("SSIM", ""), "mae": ("MAE", ""), "delta_e": ("ΔE", ""),
    "accuracy_2": ("Within 2 %", ""), "accuracy_5": ("Within 5 %", ""), "colorfulness": ("Colorfulness", ""),
    "d_real": ("Discriminator’s loss on photographs", ""), "d_fake": ("Discriminator’s loss on predictions", ""),
    "g_adversarial": ("Generator’s adversarial loss", ""), "g_l1": ("Generator’s L1 loss", ""),
    "learning_rate": ("Learning rate", ""), "seconds": ("Time of an epoch", "s"),
    "images_per_second": ("Training speed", "images/s"),
  ]
}
