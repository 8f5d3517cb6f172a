using OrleansContrastive.Learning.Optimizers;

namespace OrleansContrastive.Benchmarks.Rows;

/// <summary>The pass of optimizer and moving average over fp32 shards, one for each processor: bytes read and written per second.</summary>
internal sealed class OptimizerRow(int elements) : Contestant
{
    private readonly Shard[] _shards = new Shard[Environment.ProcessorCount];

    protected override void Prepare()
    {
        for (var i = 0; i < _shards.Length; i++) _shards[i] = new Shard(elements);
        for (var round = 0; round < 5; round++) Measure();
    }

    protected override double Measure()
    {
        var seconds = Seconds(() => Parallelism.Run(_shards.Length, i => _shards[i].Step()));
        return _shards.Length * (double)elements * sizeof(float) * Shard.Streams / seconds / 1e9;
    }

    private sealed class Shard(int elements)
    {
        /// <summary>Four arrays read and three written.</summary>
        public const int Streams = 7;

        private readonly float[] _weights = Filled(elements, 0.5f);
        private readonly float[] _gradient = Filled(elements, 0.01f);
        private readonly float[] _velocity = Filled(elements, 0.1f);
        private readonly float[] _keyWeights = Filled(elements, 0.5f);
        private readonly float[] _nextWeights = Filled(elements, 0);
        private readonly float[] _nextVelocity = Filled(elements, 0);
        private readonly float[] _nextKeyWeights = Filled(elements, 0);

        public void Step() => SgdEmaKernel.Step<float>(
            _weights, _gradient, _velocity, _keyWeights, _nextWeights, _nextVelocity, _nextKeyWeights,
            new SgdStep(0.03, 0.9, 1e-4, Nesterov: false, KeyMomentum: 0.99));
    }

    private static float[] Filled(int length, float value)
    {
        var array = new float[length];
        array.AsSpan().Fill(value);
        return array;
    }
}
