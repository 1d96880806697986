"""What a card computes and how fast: parity of the GPU's code paths, tokens per second and MFU.

    python -m benchmarks.gpu [--budget 600] [--json gpu.json] [--only parity] [--shapes qwen2-0.5b,llama-1.5b]
    python -m benchmarks.gpu --toy        every path at toy size on a CPU, in a minute

Models are random, in the shapes of Llama, Qwen2 and Qwen3; nothing is downloaded. Every section is a process
of its own with a limit of time; what fails in it (no memory, a missing package, a compiler) is an entry with
the error's text and ends nothing else. The file is written again after every section. Exit status 1 where a
parity row fails, else 0. No setting of the card is changed.

The file:

    schema    1
    options   those of the command line
    sections  a list, in the order in which they ran:
        name      environment | parity sampling SHAPE | parity attention SHAPE | parity optimizer SHAPE |
                  sampling SHAPE | update SHAPE | vllm SHAPE
        status    ok | failed | timed out | skipped
        seconds   wall time with the start of the process
        error     absent where it is ok
        rows      a list; `what` names a row, and a row that failed has `error`, one that was left out
                  `skipped`, beside its `what`

Fields of rows, absent where they don't apply; `warnings` may be in any.

    environment: device, memory_gib, capability, versions, driver and clocks as nvidia-smi reports them;
        peak_tflops and peak_gbs of the table or of `--peak`; measured_tflops by format, measured_gbs.
    parity: dtype; max and mean, the absolute differences of log-probabilities, with kl and off of
        `numerate.training.old_logprobs.logprob_drift`; forward and gradient, the largest difference as a
        share of the largest number; relative, of the norm of what the weights moved by; ratio_..., of
        pi_learner / pi_sampler at the sampled tokens; identical, the share of rollouts with the same
        tokens; bound and passes.
    speed: engine, rows (live at the same time), tokens_s, ms (a call or a step of decoding), mfu
        (operations of the matrix products and of attention over the peak), mbu (bytes of weights, keys
        and values over the peak bandwidth), more_mib (peak of memory beyond the model's weights),
        prefill_s, recordings and recording_s (CUDA graphs within the call), attention (the kernel),
        checkpointing.

tokens_s of an update counts completions, and a prompt once for all rows that share it; so does mfu, for
both sides.
"""
