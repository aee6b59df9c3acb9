"""Reading of video, sound and picture files: their properties, and whether they are complete.

Pure: only the standard library is used. Only headers and tables are read; nothing is decoded.
"""

from tasks.media.containers.boxes import NotAVideoError
from tasks.media.containers.images import Image, NotAnImageError, read_image
from tasks.media.containers.pictures import read_picture
from tasks.media.containers.sounds import NotASoundError, Sound, read_sound
from tasks.media.containers.video import Container, read

__all__ = [
    "Container",
    "Image",
    "NotASoundError",
    "NotAVideoError",
    "NotAnImageError",
    "Sound",
    "read",
    "read_image",
    "read_picture",
    "read_sound",
]
