@testable import Imaging

extension Raster {
  /// The samples, copied while the raster is certainly alive: `bytes` alone does not keep it.
  var samples: [UInt8] { withExtendedLifetime(self) { Array(bytes) } }
}
