using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Placement;
using OrleansContrastive.Checkpoints.Tensors;
using OrleansContrastive.Contracts.Blocks;
using OrleansContrastive.Contracts.Leases;
using OrleansContrastive.Contracts.Runs;
using OrleansContrastive.Contracts.Shards;
using OrleansContrastive.Grains.Silos;
using OrleansContrastive.Learning.Encoders;
using OrleansContrastive.Learning.Optimizers;
using TorchSharp;

namespace OrleansContrastive.Grains.Shards;

/// <inheritdoc cref="IParameterServerGrain"/>
[KeepAlive, PreferLocalPlacement]
internal sealed class ParameterServerGrain(
    SiloIdentity silo, DeviceLanes lanes, CheckpointShelf checkpoints, TimeProvider time, ILogger<ParameterServerGrain> logger)
    : Grain, IParameterServerGrain
{
    // Readers that fetch a version in parts must still find it while the next ones are applied.
    private const int VersionsKept = 4;

    private readonly ShardLedger<GradientStage> _ledger = new();
    private readonly List<ParameterVersion> _versions = [];
    private readonly CompactWeights _compact = new();
    private readonly ImageShelf _images = new();
    private RunSpec _spec = null!;
    private string _run = "";
    private ShardLayout _layout = null!;
    private ParameterRun[] _runs = [];
    private UpdateRule _rule = null!;
    private BaseWeights _bases = null!;
    private ElementType _type;

    private ParameterVersion Newest => _versions[^1];

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        silo.Host(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task WakeAsync() => Task.CompletedTask;

    public Task<ShardReport> ReportAsync(long term) => Task.FromResult(_ledger.Report(term));

    public async Task<ShardReply> PrepareAsync(PrepareShard prepare)
    {
        var status = _ledger.Prepare(prepare, out var load);
        return status != ShardStatus.Ok || !load ? new(status, _ledger.Applied) : await CheckpointShelf.LoadAsync(() => LoadAsync(prepare));
    }

    private async Task<ShardReply> LoadAsync(PrepareShard prepare)
    {
        var initial = prepare.Restore ? null : await checkpoints.InitialAsync(prepare.Spec);
        var (layout, start) = await lanes.Shards.RunAsync(() => Start(prepare.Spec, prepare.Shard, initial));
        if (prepare.Restore)
        {
            var content = await checkpoints.ReadAsync(prepare.Run, prepare.Version, ParameterFiles.Name(prepare.Shard, prepare.Spec));
            start = Restore(content, layout, prepare.Version, start);
        }

        Open(prepare.Run, prepare.Spec, layout);
        Begin(start);
        _ledger.Loaded(prepare);
        return new(ShardStatus.Ok, _ledger.Applied);
    }

    public async Task<ShardReply> FollowAsync(FollowShard follow)
    {
        var status = _ledger.Follow(follow, out var fill);
        if (!fill) return new(status, _ledger.Applied);

        var (layout, start) = await lanes.Shards.RunAsync(() => Start(follow.Spec, follow.Shard, initial: null));
        Open(follow.Run, follow.Spec, layout);
        // It reports its own failures.
        _ = ShardFilling.RunAsync(_ledger, follow, GrainFactory.GetGrain<IParameterServerGrain>(follow.Primary), time, logger, (book, content) =>
        {
            foreach (var (version, weights) in ParameterFiles.Bases(content)) _bases.Add(version, weights);
            Begin(Restore(content, layout, book.Version, start));
        });
        return new(status, _ledger.Applied);
    }

    public Task<ShardImage> FreezeAsync(FreezeShard freeze)
    {
        var status = ShardFilling.MayFreeze(_ledger, freeze);
        return Task.FromResult(status == ShardStatus.Ok
            ? _images.Hold(_ledger.Image(), [.. ParameterFiles.Tensors(Newest, _layout), .. ParameterFiles.Bases(_bases, _layout)])
            : new() { Status = status });
    }

    public Task<CopyReply> CopyAsync(CopyRequest request) => Task.FromResult(_images.Copy(request, _spec.MaxBlockBytes));

    public Task<ShardReply> StageAsync(StageGradient part)
    {
        // A follower that was just appointed still lays out its weights.
        if (_layout is null) return Task.FromResult(new ShardReply(ShardStatus.NotReady, 0));
        var status = _ledger.Stage(part.Attempt, part.History, () => new(_layout.ParameterCount, _type.Size()), out var stage);
        stage?.Add(part, _type, _layout.MomentCount);
        return Task.FromResult(new ShardReply(status, _ledger.Applied));
    }

    public async Task<ShardReply> ApplyAsync(ApplyOrders orders)
    {
        var status = _ledger.Accept(orders, stage => stage.IsComplete, out var next);
        foreach (var order in next)
        {
            var updates = order.Leases
                .Where(lease => !lease.Skipped)
                .Select(lease => (Stage: _ledger.StageOf(lease.Attempt), lease.Samples))
                .Select(part => new StagedUpdate(part.Stage.Gradient, part.Stage.Moments, part.Samples))
                .ToList();
            var (newest, step, compensation) = (Newest, _rule.At(order), _bases.For(order));
            // Off the turn: readers of the versions before go on meanwhile.
            var version = await Task.Run(() => newest.Next(updates, _runs, step, compensation: compensation, optimizer: _rule.Optimizer));
            _versions.Add(version);
            _bases.Add(version.Number, version.Weights);
            if (_versions.Count > VersionsKept) _versions.RemoveAt(0);
            _ledger.Done(order);
        }

        return new(status, _ledger.Applied);
    }

    public async Task<PullReply> PullAsync(PullRequest request)
    {
        var status = _ledger.Check(request.History);
        if (status != ShardStatus.Ok) return new() { Status = status };

        var newest = Newest;
        var wanted = request.Exact < 0 ? newest.Number : request.Exact;
        if (wanted > newest.Number) return new() { Status = ShardStatus.NotYet, Version = newest.Number };
        if (request.Known == wanted) return new() { Status = ShardStatus.NotModified, Version = wanted };
        return _versions.Find(version => version.Number == wanted) is { } version
            ? await PartAsync(version, request)
            : new() { Status = ShardStatus.Gone, Version = newest.Number };
    }

    public async Task<SnapshotReply> SnapshotAsync(SnapshotShard snapshot)
    {
        var status = _ledger.Check(snapshot.Fence);
        if (status == ShardStatus.Ok && _ledger.Applied != snapshot.Version) status = ShardStatus.Missing;
        if (status != ShardStatus.Ok) return new(status, "", "", 0, "");
        var tensors = ParameterFiles.Tensors(Newest, _layout);
        return await checkpoints.WriteAsync(_run, snapshot, ParameterFiles.Name(_layout.Shard, _spec), tensors);
    }

    private void Open(string run, RunSpec spec, ShardLayout layout)
    {
        _spec = spec;
        _run = run;
        _layout = layout;
        _type = ModelFactory.MasterType(_spec);
        _rule = new(_spec);
        _runs = _rule.Runs(layout);
        _bases = new(_spec);
        _versions.Clear();
    }

    private void Begin(ParameterVersion start)
    {
        _versions.Clear();
        _versions.Add(start);
        _bases.Add(start.Number, start.Weights);
    }

    private static (ShardLayout Layout, ParameterVersion Start) Start(RunSpec spec, int shard, SafeTensorsContent? initial)
    {
        using var scope = torch.NewDisposeScope();
        using var model = ModelFactory.Create(spec, torch.CPU);
        if (initial is not null) InitialEncoder.Load(model, initial);
        var layout = model.Layout.Split(spec.Topology.ParameterShards)[shard];
        var type = ModelFactory.MasterType(spec) == ElementType.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32;
        return (layout, ParameterVersion.Start(type, ModelExchange.ReadParameters(model, layout), ModelExchange.ReadMoments(model, layout), BaseWeights.Adapts(spec), UpdateRule.OptimizerOf(spec)));
    }

    private static ParameterVersion Restore(SafeTensorsContent content, ShardLayout layout, long version, ParameterVersion start) =>
        ParameterFiles.Restore(content, layout, version, start.ElementType, start.MeanSquare.Length > 0, start.SecondMoment.Length > 0);

    private async Task<PullReply> PartAsync(ParameterVersion version, PullRequest request)
    {
        var compact = request.Compact && _type == ElementType.Float32 && request.Kind != ParameterKind.Moments;
        var flat = compact ? await _compact.OfAsync(version, request.Kind) : request.Kind switch
        {
            ParameterKind.Query => version.Weights,
            ParameterKind.Key => version.KeyWeights,
            _ => version.Moments,
        };
        var type = compact ? ElementType.BFloat16 : _type;
        var size = type.Size();
        var total = flat.Length / size;
        var count = (int)Math.Min(total - request.Offset, _spec.MaxBlockBytes / size);
        return new()
        {
            Status = ShardStatus.Ok,
            Version = version.Number,
            Total = total,
            Part = new(type, [count], flat.Slice((int)request.Offset * size, count * size)),
        };
    }
}
