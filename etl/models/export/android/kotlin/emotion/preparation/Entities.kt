package emotion.preparation

internal class Entities(settings: Settings) {
    fun character(name: String): String? = null
}
