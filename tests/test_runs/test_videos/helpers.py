"""A short video in a folder, and runs over it."""

import cv2

from segrefiner_mm.apis import RefinerOptions, VideoOptions, refine_video

FAST = RefinerOptions(device='cpu', steps=1, runtime='torch')
COUNT = 5


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def run(data, out='out', reporter=None, frames='frames', **options):
    paths = data / frames, data / 'masks', data / out
    return refine_video(*paths, VideoOptions(**options), FAST, reporter)


def masks_in(folder):
    files = sorted(folder.rglob('*.png'))
    return {
        file.relative_to(folder).as_posix(): cv2.imread(str(file), 0)
        for file in files
    }


def stopping(context, count):
    """A context that is interrupted after some calls."""

    class Stopping:
        def __enter__(self):
            advance, self.left = context.__enter__(), count

            def stop(verdicts=()):
                advance(verdicts)
                self.left -= 1
                if not self.left:
                    raise KeyboardInterrupt

            return stop

        def __exit__(self, *error):
            return context.__exit__(*error)

    return Stopping()
