# The standard vocabulary as C++ texts: cmake -DFOLDER=…/rules/std -DOUT=….cc -P embed_standard.cmake. The files are the one place where it
# is declared; the program carries them.
file(GLOB files ${FOLDER}/*.fly)
list(SORT files)
set(out "#include \"app/package/standard.h\"\n\nnamespace flyball::app {\n\nconst std::vector<StandardModule>& standard_modules() {\n  static const std::vector<StandardModule> kModules{\n")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND out "{\"std.${name}\", \"<std>/${name}.fly\", R\"_fly_(${text})_fly_\"},\n")
endforeach()
string(APPEND out "  };\n  return kModules;\n}\n\n}  // namespace flyball::app\n")
file(WRITE ${OUT} "${out}")
