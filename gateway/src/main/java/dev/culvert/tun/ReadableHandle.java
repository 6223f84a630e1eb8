package dev.culvert.tun;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import org.jspecify.annotations.Nullable;

/// A descriptor on an event loop: calls back on the loop's thread while it is readable (level-triggered). The
/// descriptor stays its owner's to close, after [#cancel].
public final class ReadableHandle implements EpollIoHandle {
    /// What happens to the descriptor; on the loop's thread.
    public interface Callback {
        void readable();

        /// An error without data (EPOLLERR, EPOLLHUP): a TUN whose interface is gone reports this for ever.
        ///
        /// @return false to stop watching the descriptor
        boolean broken();
    }

    private final FileDescriptor fd;
    private final Callback callback;
    private @Nullable IoRegistration registration;

    private ReadableHandle(int fd, Callback callback) {
        this.fd = new FileDescriptor(fd);
        this.callback = callback;
    }

    /// Arms the descriptor; callbacks may come before the future's listeners do.
    public static Future<ReadableHandle> register(IoEventLoop loop, int fd, Callback callback) {
        ReadableHandle handle = new ReadableHandle(fd, callback);
        Promise<ReadableHandle> promise = loop.newPromise();
        loop.register(handle).addListener((Future<IoRegistration> done) -> {
            if (done.isSuccess()) {
                IoRegistration registered = done.getNow();
                handle.registration = registered;
                registered.submit(EpollIoOps.EPOLLIN); // nothing is armed before
                promise.setSuccess(handle);
            } else {
                promise.setFailure(done.cause());
            }
        });
        return promise;
    }

    /// Stops the callbacks; any thread.
    public void cancel() {
        IoRegistration registered = registration;
        if (registered != null) {
            registered.cancel();
        }
    }

    @Override
    public void handle(IoRegistration from, IoEvent event) {
        if (((EpollIoEvent) event).ops().contains(EpollIoOps.EPOLLIN)) {
            callback.readable();
        } else if (!callback.broken()) {
            from.cancel(); // or level-triggered epoll would spin
        }
    }

    @Override
    public FileDescriptor fd() {
        return fd;
    }

    @Override
    public void close() {
        // The descriptor is its owner's.
    }
}
