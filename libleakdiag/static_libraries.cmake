# With LEAKDIAG_STATIC_LIBRARIES: of every library that is used the static one, so that what is built
# needs only libc. The versions and the headers are those that pkg-config named.
function(ld_link_static target)
  set(archives "")
  foreach(name IN LISTS ARGN)
    find_library(leakdiag_archive_${name} lib${name}.a
                 HINTS ${LEAKDIAG_STATIC_LIBRARIES}/lib ${${target}_LIBRARY_DIRS})
    mark_as_advanced(leakdiag_archive_${name})
    if(NOT leakdiag_archive_${name})
      message(FATAL_ERROR "There is no lib${name}.a; examples/prepare packages static installs what "
                          "is needed, and examples/static-libraries makes the folder to name in "
                          "LEAKDIAG_STATIC_LIBRARIES")
    endif()
    list(APPEND archives ${leakdiag_archive_${name}})
  endforeach()
  set_property(TARGET PkgConfig::${target} PROPERTY INTERFACE_LINK_LIBRARIES ${archives})
  set_property(TARGET PkgConfig::${target} PROPERTY INTERFACE_LINK_OPTIONS "")
endfunction()

ld_link_static(curl curl nghttp2 ssl crypto)
set_property(TARGET PkgConfig::curl APPEND PROPERTY INTERFACE_LINK_LIBRARIES pthread ${CMAKE_DL_LIBS})
ld_link_static(jansson jansson)
ld_link_static(yaml yaml)
ld_link_static(pcre2 pcre2-8)
