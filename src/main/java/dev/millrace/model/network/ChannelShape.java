package dev.millrace.model.network;

import dev.millrace.model.engine.StepEngine;

/** A network that can be a channel of a tower. */
interface ChannelShape extends NetworkShape {

    /**
     * Returns a kernel of this shape with its initial weights.
     *
     * @param engine of the learning steps
     * @param outputScale factor on the initial weights of the last layer, in [0, 1]
     */
    TowerKernel kernel(StepEngine engine, long seed, double outputScale);

    /** Returns whether this channel reads the shared layers, if there are any. Otherwise it reads the fields. */
    default boolean readsSharedLayers() {
        return false;
    }
}
