print("recolor")
