"""How is a defence trained so that attackers, retrained as it goes, recognise nobody, and expression is kept?

Read in this order: ``config.py``, ``clips.py`` (what is trained on), ``statistics.py`` (what attackers see,
in torch), ``network.py`` (the defence in torch), ``limits.py`` (of what expression may lose),
``adversary.py`` (the attackers), ``train.py``, ``file.py`` (from recordings to a file), ``export.py`` (ONNX).
Only ``config.py`` and ``clips.py`` can be imported without torch.
"""
