import os
import time

from fem_sei.numerics import compat


def test_forms_of_a_process_that_was_killed_are_removed_from_the_cache(tmp_path, monkeypatch):
    """Of these only the old form that never got ready; others may be under compilation."""
    monkeypatch.setattr(compat.jit, "get_options", lambda: {"cache_dir": str(tmp_path)})
    for name in ("libffcx_forms_a.c", "libffcx_forms_b.c", "libffcx_forms_b.c.cached", "libffcx_forms_c.c"):
        (tmp_path / name).write_text("")
    for name in ("libffcx_forms_a.c", "libffcx_forms_b.c"):
        os.utime(tmp_path / name, (time.time() - 2 * compat.ABANDONED,) * 2)
    compat.remove_abandoned_forms()
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"libffcx_forms_b.c", "libffcx_forms_b.c.cached", "libffcx_forms_c.c"}
