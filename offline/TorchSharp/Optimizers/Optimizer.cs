using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Optimizers, which change parameters by their gradients.</summary>
    public static partial class optim
    {
        public interface ILearningRateController
        {
            double LearningRate { get; set; }

            double InitialLearningRate { get; set; }
        }

        /// <summary>Has a momentum that a scheduler may change.</summary>
        public interface IMomentum
        {
            double Momentum { get; set; }
        }

        public abstract class Optimizer : IDisposable
        {
            private readonly ParamGroup[] _groups;

            private protected Optimizer(params ParamGroup[] groups)
            {
                _groups = groups;
                if (_groups.All(g => !g.Parameters.Any())) throw new ArgumentException("An optimizer needs at least one parameter.");
            }

            public virtual IEnumerable<ILearningRateController> ParamGroups => _groups;

            public virtual IEnumerable<Parameter> parameters() => _groups.SelectMany(static g => g.Parameters);

            /// <summary>Forgets all gradients.</summary>
            public virtual void zero_grad()
            {
                foreach (var parameter in parameters()) parameter.grad = null;
            }

            /// <summary>Changes every parameter that has a gradient; a closure computes the loss before, with gradients on.</summary>
            public virtual Tensor? step(Func<Tensor>? closure = null)
            {
                Tensor? loss = null;
                if (closure is not null)
                {
                    using var graded = enable_grad();
                    loss = closure();
                }

                using var ungraded = no_grad();
                using var scope = NewDisposeScope();
                foreach (var group in _groups)
                {
                    foreach (var parameter in group.Parameters)
                    {
                        if (parameter.grad is { } gradient) Update(parameter, gradient, group.LearningRate);
                    }
                }

                return loss;
            }

            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Changes one parameter; what is created and not detached ends with the step.</summary>
            private protected abstract void Update(Parameter parameter, Tensor gradient, double learningRate);

            protected abstract void Dispose(bool disposing);
        }
    }
}
