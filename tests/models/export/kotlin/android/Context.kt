// As much of Android as the example of docs/android.md needs to be compiled.
package android.content

import java.io.InputStream

abstract class Context {
    abstract val assets: Assets

    interface Assets {
        fun open(name: String): InputStream
    }
}
