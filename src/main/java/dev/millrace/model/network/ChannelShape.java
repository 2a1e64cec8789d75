package dev.millrace.model.network;

/** A network that can be a channel of a tower. */
interface ChannelShape extends NetworkShape {

    /**
     * Returns a kernel of this shape with its initial weights.
     *
     * @param outputScale factor on the initial weights of the last layer, in [0, 1]
     */
    TowerKernel kernel(long seed, double outputScale);

    /** Returns whether this channel reads the shared layers, if there are any. Otherwise it reads the fields. */
    default boolean readsSharedLayers() {
        return false;
    }
}
