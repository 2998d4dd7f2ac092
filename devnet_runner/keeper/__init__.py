"""What runs inside the sandbox: a process that confines and ends tests, one after the other, on orders by a pipe.

It imports nothing of the other rooms and as little as it can of the standard library: it starts once for each worker.
"""
