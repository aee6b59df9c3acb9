"""What a file of video or picture says of itself, and whether all of it is there.

Pure: only the standard library, only headers and tables are read, nothing is decoded.
"""

from tasks.containers.boxes import NotAVideo
from tasks.containers.images import Image, NotAnImage, read_image
from tasks.containers.pictures import read_picture
from tasks.containers.video import Container, read

__all__ = [
    "Container",
    "Image",
    "NotAVideo",
    "NotAnImage",
    "read",
    "read_image",
    "read_picture",
]
