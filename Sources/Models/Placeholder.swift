// placeholder while the target has no file yet
