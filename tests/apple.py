"""A stand-in for a GPU by Apple, on any machine: it has memory of its own, and no float64."""

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

APPLE = torch.device("mps")
# one of their tensors may be on another device than the first one
MIXED = {Tensor.copy_, Tensor.__setitem__, Tensor.__getitem__, Tensor.to, Tensor.data.__set__}
MIXED.add(torch._has_compatible_shallow_copy_type)


def is_apple(value):
    """Whether an argument names the device."""
    return isinstance(value, (str, torch.device)) and str(value).startswith("mps")


class AppleGPU(TorchFunctionMode):
    """While it is on, tensors that were moved to "mps" stay there, and are told from others.

    All of it happens on the CPU. What PyTorch would refuse on the real device is refused: float64,
    tensors of two devices in one operation, and numpy. What its kernels do is not known here.
    """

    def __init__(self):
        super().__init__()
        # the memory of its tensors; views share it. It is kept, so that no other tensor gets it
        self.memory = {}

    def holds(self, tensor):
        """Whether a tensor is on the device."""
        return tensor.untyped_storage().data_ptr() in self.memory

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Do what was asked for, on the CPU, and note on which device the results are."""
        kwargs = dict(kwargs or {})
        given = [
            t
            for t in tree_leaves((args[:1] if func is Tensor.__deepcopy__ else args, kwargs))
            if isinstance(t, Tensor)
        ]
        here = [t for t in given if self.holds(t)]
        if func == Tensor.device.__get__:
            return APPLE if here else func(*args)
        asked = any(is_apple(value) for value in tree_leaves((args[1:], kwargs)))
        if here and func in (Tensor.numpy, Tensor.__array__):
            raise TypeError("can't convert mps:0 device type tensor to numpy")
        elsewhere = [t for t in given if t.ndim and t.numel() and not self.holds(t)]
        if here and elsewhere and func not in MIXED:
            raise RuntimeError(f"{func.__name__}: expected all tensors to be on the same device")
        if func is Tensor.to:
            other = next((v for v in args[1:] if isinstance(v, Tensor)), None)
            named = any(isinstance(v, (str, torch.device)) for v in tree_leaves((args[1:], kwargs)))
            there = asked if named else self.holds(args[0] if other is None else other)
        else:
            there = func is not Tensor.cpu and (asked or bool(here))
        # these only read the name: the second for `Module.to`
        if func not in (torch.device, torch._C._nn._parse_to):
            args, kwargs = tree_map(lambda v: "cpu" if is_apple(v) else v, (args, kwargs))
        found = func(*args, **kwargs)
        if func in (Tensor.to, Tensor.cpu) and there != self.holds(args[0]):
            found = found.clone()  # on the CPU nothing would be moved
        if there:
            for tensor in (t for t in tree_leaves(found) if isinstance(t, Tensor)):
                if tensor.dtype == torch.float64:
                    raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
                if tensor.numel():
                    memory = tensor.untyped_storage()
                    self.memory[memory.data_ptr()] = memory
        return found
