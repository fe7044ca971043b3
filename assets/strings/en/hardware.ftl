hardware-heading = Hardware
hardware-none = No device was opened yet.
hardware-summary = { $name } ({ $reason })
hardware-frames = Drawing a frame takes { $median } ms; 95 of 100 take at most { $late } ms.
