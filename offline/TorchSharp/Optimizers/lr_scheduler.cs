namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Schedules of the learning rate, stepped once per epoch (or per step, as the caller counts).</summary>
        public static class lr_scheduler
        {
            /// <summary>Sets the rate at every step from the initial one, the last one and the count.</summary>
            public abstract class LRScheduler
            {
                private readonly Optimizer _optimizer;
                private readonly double[] _initial;

                private protected LRScheduler(Optimizer optimizer, int last_epoch)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    (_optimizer, Epoch) = (optimizer, last_epoch);
                    _initial = [.. optimizer.ParamGroups.Select(static g => g.InitialLearningRate)];
                }

                private protected int Epoch { get; private set; }

                public virtual void step()
                {
                    Epoch++;
                    var i = 0;
                    foreach (var group in _optimizer.ParamGroups) group.LearningRate = Next(_initial[i++], group.LearningRate);
                }

                public IEnumerable<double> get_last_lr() => _optimizer.ParamGroups.Select(static g => g.LearningRate);

                private protected abstract double Next(double initial, double last);
            }

            /// <summary>Multiplies the rate by gamma every step_size steps.</summary>
            public static LRScheduler StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1) =>
                new Function(optimizer, last_epoch, (epoch, _, last) => epoch == 0 || epoch % step_size != 0 ? last : last * gamma);

            /// <summary>Multiplies the rate by gamma at each milestone.</summary>
            public static LRScheduler MultiStepLR(Optimizer optimizer, IList<int> milestones, double gamma = 0.1, int last_epoch = -1) =>
                new Function(optimizer, last_epoch, (epoch, _, last) => last * Math.Pow(gamma, milestones.Count(m => m == epoch)));

            /// <summary>The initial rate times a function of the count.</summary>
            public static LRScheduler LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1) =>
                new Function(optimizer, last_epoch, (epoch, initial, _) => initial * lr_lambda(epoch));

            /// <summary>Half a cosine from the initial rate to eta_min over T_max steps, by the recurrence that PyTorch uses.</summary>
            public static LRScheduler CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1) =>
                new Function(optimizer, last_epoch, (epoch, initial, last) => epoch == 0 ? last
                    : (epoch - 1 - T_max) % (2 * T_max) == 0 ? last + (initial - eta_min) * (1 - Math.Cos(Math.PI / T_max)) / 2
                    : (1 + Math.Cos(Math.PI * epoch / T_max)) / (1 + Math.Cos(Math.PI * (epoch - 1) / T_max)) * (last - eta_min) + eta_min);

            private sealed class Function : LRScheduler
            {
                private readonly Func<int, double, double, double> _next;

                public Function(Optimizer optimizer, int last_epoch, Func<int, double, double, double> next) : base(optimizer, last_epoch)
                {
                    _next = next;
                    step();
                }

                private protected override double Next(double initial, double last) => _next(Epoch, initial, last);
            }
        }
    }
}
